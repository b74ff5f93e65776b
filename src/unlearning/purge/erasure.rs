use burn::tensor::Tensor;

/// L_rep (paper: representation erasure): the forget batch's taps are drawn to the mean of the retain batch's taps,
/// which is held fixed. The mean over taps of the squared error averaged over batch and channels, `[1]`.
pub fn representation_loss(forget_taps: &[Tensor<2>; 3], retain_taps: &[Tensor<2>; 3]) -> Tensor<1> {
    let errors = forget_taps.iter().zip(retain_taps).map(|(forget, retain)| {
        let centre = retain.clone().without_autodiff().mean_dim(0);
        (forget.clone() - centre).square().mean()
    });
    Tensor::cat(errors.collect(), 0).mean()
}
