use std::ops::Range;

use burn::tensor::Tensor;

use super::launch::{Kernel, Word, empty, padded};
use super::place::{buffer, part, tensor};

static SPREAD: Kernel =
    Kernel { name: "spread", inputs: &["theta"], outputs: &["views"], source: include_str!("spread.wgsl") };
static JOIN: Kernel = Kernel {
    name: "join",
    inputs: &["a", "b", "c", "d", "e", "f"],
    outputs: &["joined"],
    source: include_str!("join.wgsl"),
};

/// The parameters of θ, `[P]`, which lie there one after the other: views of one buffer in which each begins where a device can
/// bind it.
pub(in crate::kernels) fn spread(theta: &Tensor<1>, places: impl Iterator<Item = Range<usize>>) -> Vec<Tensor<1>> {
    let theta = buffer(theta);
    let mut places_in_views = Vec::new();
    let (mut start, mut end) = (0, 0);
    for place in places {
        places_in_views.push((place.start, start, place.len()));
        start += padded(place.len());
        end = place.end;
    }
    let views = empty(&theta, [start]);
    let mut info: Vec<Word> = vec![places_in_views.len().into()];
    info.extend(places_in_views.iter().flat_map(|&(from, to, _)| [from.into(), Word::from(to)]));
    info.push(end.into());
    SPREAD.launch(end, &[&theta], &[&views], &info);
    places_in_views.iter().map(|&(_, start, len)| tensor(part(&views, start, [len]))).collect()
}

/// Tensors one after the other.
pub(in crate::kernels) fn join(parts: &[Tensor<1>]) -> Tensor<1> {
    let buffers: Vec<_> = parts.iter().map(buffer).collect();
    let len = |index: usize| parts.get(index).map_or(0, |part| part.dims()[0]);
    let joined = empty(&buffers[0], [(0..parts.len()).map(len).sum::<usize>()]);
    let mut at = 0;
    for first in (0..parts.len()).step_by(JOIN.inputs.len()) {
        let mut end = 0;
        let mut info = vec![Word::from(at)];
        let mut inputs = Vec::new();
        for index in first..first + JOIN.inputs.len() {
            end += len(index);
            info.push(end.into());
            inputs.push(&buffers[index.min(parts.len() - 1)]);
        }
        JOIN.launch(end, &inputs, &[&joined], &info);
        at += end;
    }
    tensor(joined)
}
