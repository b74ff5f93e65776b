use burn::backend::Cube;
use burn::tensor::{Shape, Tensor};
use burn_autodiff::checkpoint::base::Checkpointer;
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops};
use burn_cubecl::kernel::into_contiguous;

use super::launch::{Kernel, empty, groups};
use super::place::{buffer, node};

static MEAN: Kernel = Kernel { name: "mean", inputs: &["x"], outputs: &["means"], source: include_str!("mean.wgsl") };
static MEAN_BACK: Kernel =
    Kernel { name: "mean_back", inputs: &["dmeans"], outputs: &["dx"], source: include_str!("mean_back.wgsl") };

/// The mean over the pixels of each channel: `[B, C, H, W]` → `[B, C]`.
pub(in crate::kernels) fn spatial_mean(x: &Tensor<4>) -> Tensor<2> {
    let shape = x.dims();
    let [images, channels, height, width] = shape;
    let from = buffer(x);
    let means = empty(&from, [images, channels]);
    let planes = images * channels;
    MEAN.start(groups(planes), &[&from], &[&means], &[planes.into(), (height * width).into()]);
    node([x.into()], Step, shape, means)
}

#[derive(Debug)]
struct Step;

impl Backward<Cube, 1> for Step {
    type State = [usize; 4];

    fn backward(self, ops: Ops<[usize; 4], 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let dmeans = into_contiguous(gradients.consume::<Cube>(&ops.node));
        let [images, channels, height, width] = ops.state;
        if let [Some(node)] = ops.parents {
            let dx = empty(&dmeans, Shape::from(ops.state));
            let (planes, pixels) = (images * channels, height * width);
            MEAN_BACK.start(groups(planes * pixels), &[&dmeans], &[&dx], &[planes.into(), pixels.into()]);
            gradients.register::<Cube>(node.id, dx);
        }
    }
}
