use std::time::Instant;

use burn::tensor::{Device, Tensor, TensorData};
use purge_unlearning::Result;
use purge_unlearning::device::{self, DeviceKind};
use purge_unlearning::model::{ResNetConfig, Stem};
use purge_unlearning::unlearning::purge::{Purge, PurgeConfig, StepBatch};
use purge_unlearning::work::Here;

const CLASSES: usize = 10;
const SIDE: usize = 32;
const BATCH: usize = 16;

/// Milliseconds of each of so many PURGE steps of ResNet-18 with ImageNet's stem, of 16 + 16 images of 32×32 pixels, on the CPU. The
/// network has learnt nothing: a step takes as long.
pub async fn steps(count: usize) -> Result<Vec<f64>> {
    let device = &device::open(DeviceKind::Cpu).await?;
    let mut network = ResNetConfig::new(3, CLASSES).with_stem(Stem::ImageNet).init(0, device)?;
    let mut purge = Purge::new(PurgeConfig::authors("cifar10"), 0.into(), &[1.0 / CLASSES as f32; CLASSES], &network)?;
    let mut times = Vec::with_capacity(count);
    for step in 0..count {
        let batch = StepBatch {
            retain_images: images(step, device).into(),
            retain_labels: labels(1, device),
            teacher_logits: Tensor::zeros([BATCH, CLASSES], &device.clone().without_autodiff()),
            forget_images: images(step + 1, device).into(),
            forget_labels: labels(0, device),
        };
        let began = Instant::now();
        // The CPU is done when it returns.
        purge.step(&mut network, batch, &Here).await;
        times.push(began.elapsed().as_secs_f64() * 1e3);
    }
    Ok(times)
}

fn images(seed: usize, device: &Device) -> Tensor<4> {
    let pixel = |k: usize| ((k + seed) * 7919 % 1009) as f32 / 504.0 - 1.0;
    let pixels: Vec<f32> = (0..BATCH * 3 * SIDE * SIDE).map(pixel).collect();
    Tensor::from_data(TensorData::new(pixels, [BATCH, 3, SIDE, SIDE]), device)
}

fn labels(class: usize, device: &Device) -> Tensor<2> {
    let row = |k: usize| f32::from(u8::from(k % CLASSES == class));
    Tensor::from_data(TensorData::new((0..BATCH * CLASSES).map(row).collect::<Vec<_>>(), [BATCH, CLASSES]), device)
}
