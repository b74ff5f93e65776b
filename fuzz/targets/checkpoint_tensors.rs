//! Sound safetensors files with unsound networks in them, which bytes alone seldom come to.

#![no_main]

use std::collections::BTreeMap;
use std::sync::LazyLock;

use arbitrary::Arbitrary;
use burn::tensor::Device;
use libfuzzer_sys::fuzz_target;
use purge_unlearning::model::{Architecture, Card, Checkpoint, Norm, Precision, ResNetConfig, SmallCnnConfig};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};

#[derive(Debug, Arbitrary)]
struct File {
    network: u8,
    prefix: bool,
    changes: Vec<(usize, Change)>,
}

#[derive(Debug, Arbitrary)]
enum Change {
    Missing,
    Named(String),
    Shaped(Vec<u32>),
    Side(usize, u32),
    Typed(u8),
    Filled(u8),
}

struct Stored {
    name: String,
    shape: Vec<usize>,
    dtype: Dtype,
    byte: u8,
}

static CPU: LazyLock<Device> = LazyLock::new(Device::flex);

/// Files of more than this are no more interesting, only slower.
const LARGEST: usize = 1 << 18;

/// Names and shapes in files of the two networks, each with group and with batch normalisation.
static NETWORKS: LazyLock<Vec<Vec<(String, Vec<usize>)>>> = LazyLock::new(|| {
    let mut networks = Vec::new();
    for norm in [Norm::Group, Norm::Batch] {
        let small: Architecture = SmallCnnConfig::new(1, 2).with_width(8).with_norm(norm).into();
        let large: Architecture = ResNetConfig::new(1, 2).with_width(8).with_norm(norm).into();
        networks.extend(
            [small, large].map(|architecture| tensors_of(&architecture).expect("a network that can be stored")),
        );
    }
    networks
});

fn tensors_of(architecture: &Architecture) -> Result<Vec<(String, Vec<usize>)>, Box<dyn std::error::Error>> {
    let checkpoint = Checkpoint { network: architecture.init(0, &CPU)?, card: Card::default() };
    let bytes = pollster::block_on(checkpoint.write(Precision::Full))?;
    let tensors = SafeTensors::deserialize(&bytes)?;
    Ok(tensors.iter().map(|(name, tensor)| (name.to_string(), tensor.shape().to_vec())).collect())
}

fuzz_target!(|file: File| {
    let mut stored: Vec<Stored> = NETWORKS[usize::from(file.network) % NETWORKS.len()]
        .iter()
        .cloned()
        .map(|(name, shape)| Stored { name, shape, dtype: Dtype::F32, byte: 0 })
        .collect();
    for (at, change) in file.changes {
        let Some(at) = at.checked_rem(stored.len()) else { break };
        let tensor = &mut stored[at];
        match change {
            Change::Missing => drop(stored.remove(at)),
            Change::Named(name) => tensor.name = name,
            Change::Shaped(shape) => tensor.shape = shape.into_iter().map(|side| side as usize).collect(),
            Change::Side(side, size) => {
                let sides = tensor.shape.len().max(1);
                if let Some(old) = tensor.shape.get_mut(side % sides) {
                    *old = size as usize;
                }
            }
            Change::Typed(kind) => {
                tensor.dtype = [Dtype::F32, Dtype::F16, Dtype::I64, Dtype::U8][usize::from(kind) % 4]
            }
            Change::Filled(byte) => tensor.byte = byte,
        }
    }
    let prefix = if file.prefix { "module." } else { "" };
    let contents: BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)> = stored
        .into_iter()
        .filter_map(|tensor| {
            let numbers = tensor.shape.iter().try_fold(1usize, |product, &side| product.checked_mul(side))?;
            let bytes = numbers.checked_mul(tensor.dtype.bitsize() / 8).filter(|&bytes| bytes <= LARGEST)?;
            Some((prefix.to_string() + &tensor.name, (tensor.dtype, tensor.shape, vec![tensor.byte; bytes])))
        })
        .collect();
    let views = contents
        .iter()
        .filter_map(|(name, (dtype, shape, bytes))| Some((name, TensorView::new(*dtype, shape.clone(), bytes).ok()?)));
    if let Ok(bytes) = safetensors::serialize(views, None) {
        let _ = Checkpoint::read("x", &bytes, &CPU);
    }
});
