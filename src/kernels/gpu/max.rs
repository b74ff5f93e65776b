use burn::backend::Cube;
use burn::tensor::Tensor;
use burn_autodiff::checkpoint::base::Checkpointer;
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops};
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;

use super::launch::{Kernel, Word, empty, groups};
use super::place::{buffer, node};

static MAX: Kernel = Kernel { name: "max", inputs: &["x"], outputs: &["out"], source: include_str!("max.wgsl") };
static MAX_BACK: Kernel =
    Kernel { name: "max_back", inputs: &["x", "dout"], outputs: &["dx"], source: include_str!("max_back.wgsl") };

/// The 3×3 max pool with stride 2 and padding 1, `[B, C, H, W]`.
pub(in crate::kernels) fn max_pool(x: &Tensor<4>) -> Tensor<4> {
    let [images, channels, height, width] = x.dims();
    let from = buffer(x);
    let result = [images, channels, height.div_ceil(2), width.div_ceil(2)];
    let out = empty(&from, result);
    MAX.start(groups(result.iter().product()), &[&from], &[&out], &info(&from));
    node([x.into()], Step, from, out)
}

fn info(x: &CubeTensor) -> [Word; 3] {
    let [images, channels, height, width] = x.meta.shape().dims();
    [images * channels, height, width].map(Word::from)
}

#[derive(Debug)]
struct Step;

impl Backward<Cube, 1> for Step {
    type State = CubeTensor;

    fn backward(self, ops: Ops<CubeTensor, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let x = ops.state;
        let dout = into_contiguous(gradients.consume::<Cube>(&ops.node));
        if let [Some(node)] = ops.parents {
            let dx = empty(&dout, x.meta.shape().clone());
            MAX_BACK.start(groups(x.meta.num_elements()), &[&x, &dout], &[&dx], &info(&x));
            gradients.register::<Cube>(node.id, dx);
        }
    }
}
