//! PURGE (projected unlearning via retain-guided erasure): make a trained image classifier forget one class, natively
//! or in a browser, and measure what that did.
//!
//! | where | what |
//! |---|---|
//! | [`data`] | datasets, their splits and batches; a file for each format |
//! | [`model`] | the networks, their weights as one vector, checkpoints |
//! | [`training`] | training from scratch |
//! | [`work`] | what is computed of a batch, in parts, and who computes it |
//! | [`inference`] | a network's answers on a dataset |
//! | [`fit`] | whether a network and a dataset go together |
//! | [`unlearning`] | the methods, their settings, and the loop around their steps |
//! | [`evaluation`] | accuracies, confusion matrices, membership inference: pure functions of logits |
//! | [`attacks`] | what a network still knows of a class: attacks on it, and comparisons with one that never knew |
//! | [`workspace`] | the one owner of what is loaded, and of the run under way |
//! | `kernels` | the layers where the time goes, for the CPU in Rust of our own |
//! | [`device`] | where to compute; only it and `kernels` know which backends there are |
//! | `web` | the layer for JavaScript, in builds for wasm only |
//!
//! A network that learns three classes and forgets one:
//!
//! ```
//! # use std::sync::Arc;
//! use purge_unlearning::data::{Dataset, ImageShape, Normalisation, Split, SplitName};
//! use purge_unlearning::device::{self, DeviceKind};
//! use purge_unlearning::evaluation::evaluate;
//! use purge_unlearning::inference::LogitCache;
//! use purge_unlearning::model::SmallCnnConfig;
//! use purge_unlearning::training::{TrainConfig, Training};
//! use purge_unlearning::unlearning::{METHODS, Preset, Run, RunConfig, Subject};
//! use purge_unlearning::work::Here;
//!
//! # fn dataset() -> purge_unlearning::Result<Dataset> {
//! #     let shape = ImageShape { channels: 1, height: 8, width: 8 };
//! #     let labels: Vec<u16> = (0..60).map(|i| i % 3).collect();
//! #     let pixel = |i: usize| if (i % 8) / 3 == (i / 64) % 3 { 200 } else { (i * 7 % 30) as u8 };
//! #     let split = Split::new("bars", shape, (0..60 * 64).map(pixel).collect(), labels)?;
//! #     Ok(Dataset { name: "bars".into(), title: "Bars".into(), class_names: vec!["a".into(), "b".into(), "c".into()], shape,
//! #         normalisation: Normalisation::of(&split), train: split.clone(), val: None, test: split,
//! #         members: String::new(), source: None, licence: None })
//! # }
//! # pollster::block_on(async {
//! let dataset = Arc::new(dataset()?);
//! let device = device::open(DeviceKind::Cpu).await?;
//! let training = TrainConfig { batch_size: 8, ..TrainConfig::for_dataset("bars") };
//! let model = SmallCnnConfig::new(1, 3).with_width(8);
//! let network = Training::new(model, &dataset, training, &device)?.run(|_| Ok(())).await?;
//!
//! let subject = Subject { dataset: "bars", network: network.architecture() };
//! let config = RunConfig::new(METHODS[0], Preset::Strict, &subject, 1)?.with("batch_size", 8)?;
//! let mut run = Run::start(network, dataset.clone(), config, None).await?;
//! while run.advance(10).await?.stop.is_none() {}
//! let (forgotten, summary) = run.finish();
//!
//! let scores = evaluate(&Here, &forgotten, &dataset, &1.into(), SplitName::Test, &mut LogitCache::default()).await?;
//! println!("{:?}: FA {} %, RA {} %, MIA {}", summary.stop, scores.fa, scores.ra, scores.mia.mean);
//! # Ok::<(), purge_unlearning::Error>(())
//! # }).unwrap();
//! ```
#![warn(missing_docs)]

#[cfg(test)]
extern crate self as purge_unlearning;
pub mod attacks;
#[cfg(test)]
#[path = "../tests/unlearning/bars.rs"]
mod bars;
#[cfg(any(target_arch = "wasm32", feature = "cli", test))]
mod camel;
pub mod data;
pub mod device;
pub mod error;
pub mod evaluation;
pub mod fit;
pub mod inference;
mod kernels;
pub mod model;
#[cfg(feature = "cpu")]
mod tasks;
pub mod training;
pub mod unlearning;
#[cfg(target_arch = "wasm32")]
pub mod web;
pub mod work;
pub mod workspace;

pub use error::{Error, Result};
#[cfg(all(feature = "cpu", feature = "cli"))]
pub use kernels::{LayerSpeed, layer_speeds};
