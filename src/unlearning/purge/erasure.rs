use burn::tensor::Tensor;

/// L_rep (paper: representation erasure): the forget batch's taps are drawn to the mean of the retain batch's taps,
/// `[1, C]` each and held fixed. The mean over taps of the squared error averaged over batch and channels, `[1]`.
pub fn representation_loss(forget_taps: &[Tensor<2>; 3], retain_means: &[Tensor<2>; 3]) -> Tensor<1> {
    let errors =
        forget_taps.iter().zip(retain_means).map(|(forget, centre)| (forget.clone() - centre.clone()).square().mean());
    Tensor::cat(errors.collect(), 0).mean()
}
