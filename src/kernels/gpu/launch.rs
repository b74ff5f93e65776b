//! A kernel in WGSL, and how it is started.
//!
//! WGSL and not a kernel of CubeCL, for its compiler's output is most of the module as it is, and a text costs a visitor a few
//! hundred bytes.

use burn::tensor::{DType, Shape};
use burn_cubecl::cubecl::ir::UIntKind;
use burn_cubecl::cubecl::ir::attributes::BufferIOAttr;
use burn_cubecl::cubecl::ir::metadata::Info;
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::cubecl::server::{KernelArguments, MetadataBindingInfo};
use burn_cubecl::cubecl::{CubeKernel, PrecompiledSource};
use burn_cubecl::ops::numeric::empty_device_contiguous_dtype;
use burn_cubecl::tensor::CubeTensor;

/// Threads of a workgroup, as the sources have it that are launched for units: what every WebGPU device allows.
pub(super) const THREADS: usize = 256;
/// Workgroups of a dispatch in one direction, likewise. Kernels loop where there is more to do.
pub(super) const MOST_GROUPS: usize = 65_535;
/// Threads of a workgroup in the sources of layers, which have a thread for each number or plane.
pub(super) const LAYER_THREADS: usize = 64;

/// Workgroups of a layer with as many threads, in two directions where there are too many for one.
pub(super) fn groups(threads: usize) -> [usize; 2] {
    let groups = threads.div_ceil(LAYER_THREADS).max(1);
    let rows = groups.div_ceil(MOST_GROUPS);
    [groups.div_ceil(rows), rows]
}

/// A kernel. Its source sees each tensor as an array of floats by its name, and `info`, the numbers of its launch.
#[derive(Debug)]
pub(super) struct Kernel {
    pub name: &'static str,
    pub inputs: &'static [&'static str],
    pub outputs: &'static [&'static str],
    pub source: &'static str,
}

/// What a source may call, and where it is.
const HELPERS: [(&str, &str); 4] = [
    ("total(", include_str!("total.wgsl")),
    ("normal_of(", include_str!("normal.wgsl")),
    ("largest(", include_str!("window.wgsl")),
    ("beats(", include_str!("beats.wgsl")),
];
/// Sums over all workgroups, from one dispatch to the next, for sources with a buffer of this name.
const SUMS: &str = include_str!("sums.wgsl");

/// Natively tensors share buffers, and one that is written to in a dispatch may not be bound for reading alone beside it.
const READ: &str = if cfg!(target_family = "wasm") { "read" } else { "read_write" };

impl Kernel {
    fn text(&self) -> String {
        let mut text = String::new();
        let inputs = self.inputs.iter().map(|name| (READ, *name, "f32"));
        let outputs = self.outputs.iter().map(|name| ("read_write", *name, "f32"));
        for (binding, (access, name, kind)) in inputs.chain(outputs).chain([("read", "info", "u32")]).enumerate() {
            text += &format!("@group(0)@binding({binding})var<storage,{access}>{name}:array<{kind}>;");
        }
        text += self.source;
        if self.inputs.iter().chain(self.outputs).any(|&name| name == "sums") {
            text += SUMS;
        }
        // One helper may call those after it.
        for (call, helper) in HELPERS {
            if text.contains(call) {
                text += helper;
            }
        }
        text
    }

    /// Starts it on enough threads for `units`, or as many as there can be.
    pub(super) fn launch(&'static self, units: usize, inputs: &[&CubeTensor], outputs: &[&CubeTensor], info: &[Word]) {
        let groups = units.div_ceil(THREADS).clamp(1, MOST_GROUPS);
        self.start([groups, 1], inputs, outputs, info);
    }

    /// Starts so many workgroups, in two directions.
    pub(super) fn start(
        &'static self,
        groups: [usize; 2],
        inputs: &[&CubeTensor],
        outputs: &[&CubeTensor],
        info: &[Word],
    ) {
        let [first, ..] = outputs else { return };
        let io = |tensor: &&CubeTensor, io| (tensor.handle.clone().binding(), io);
        let read = inputs.iter().map(|tensor| io(tensor, BufferIOAttr::ReadOnly));
        let written = outputs.iter().map(|tensor| io(tensor, BufferIOAttr::ReadWrite));
        let words: Vec<u32> = info.iter().map(|word| word.0).collect();
        let pairs = words.chunks(2).map(|pair| pair.iter().rev().fold(0, |all, &word| all << 32 | u64::from(word)));
        let arguments = read
            .chain(written)
            .fold(KernelArguments::new(), |arguments, (binding, io)| arguments.with_buffer_io(binding, io))
            .with_info(MetadataBindingInfo::custom(pairs.collect()));
        let [x, y] = groups.map(|count| count as u32);
        first.client.launch(Box::new(Launch(self)), CubeCount::Static(x, y, 1), arguments);
    }
}

/// A number of a launch: whole, or a float that the source reads bit by bit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word(u32);

impl From<usize> for Word {
    fn from(number: usize) -> Self {
        Self(number as u32)
    }
}

impl From<f64> for Word {
    fn from(number: f64) -> Self {
        Self((number as f32).to_bits())
    }
}

struct Launch(&'static Kernel);

impl KernelMetadata for Launch {
    fn id(&self) -> KernelId {
        KernelId::new::<Self>().info(self.0.name)
    }

    fn address_type(&self) -> ElemType {
        UIntKind::U32.into()
    }
}

impl CubeKernel for Launch {
    fn define(&self) -> KernelDefinition {
        let threads = CubeDim::new_1d(THREADS as u32).0;
        let settings = KernelSettings::new(threads, ExecutionMode::Checked, AddressType::U32);
        KernelDefinition { body: Scope::root(settings.clone()), settings, info: Info::default() }
    }

    fn source(&self) -> Option<PrecompiledSource> {
        Some(PrecompiledSource { source: self.0.text(), entrypoint_name: "main".into(), lang: "wgsl" })
    }
}

/// A tensor of floats beside `like`, whose numbers are whatever was there.
pub(super) fn empty(like: &CubeTensor, shape: impl Into<Shape>) -> CubeTensor {
    empty_device_contiguous_dtype(like.client.clone(), like.device.clone(), shape.into(), DType::F32)
}

/// Floats between which every device can bind a part of a buffer.
pub(super) const STEP: usize = 64;

/// Where the next part of a buffer may begin.
pub(super) fn padded(len: usize) -> usize {
    len.next_multiple_of(STEP)
}
