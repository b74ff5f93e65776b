//! With `kernels` the only place that knows which backends exist. Everything else computes with `burn` tensors, which carry
//! their device with them.

use std::future::poll_fn;
use std::pin::pin;
#[cfg(feature = "webgpu")]
use std::sync::OnceLock;
use std::task::Poll;

#[cfg(feature = "webgpu")]
use burn::tensor::wgpu::WgpuInitError;
use burn::tensor::{Device, ExecutionError, Tensor};
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Where to compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceKind {
    /// Plain Rust on the processor, with SIMD.
    Cpu,
    /// WebGPU in a browser; Vulkan, Metal or DX12 natively.
    Wgpu,
}

impl DeviceKind {
    /// The kinds this build carries.
    pub fn available() -> Vec<DeviceKind> {
        let mut kinds = Vec::new();
        if cfg!(feature = "webgpu") {
            kinds.push(DeviceKind::Wgpu);
        }
        if cfg!(feature = "cpu") {
            kinds.push(DeviceKind::Cpu);
        }
        kinds
    }
}

/// Dispatches that go to the GPU's queue together, at most: each time costs a browser more than any of them. A step is some hundred, and
/// whatever it uploads or reads sends off what was asked for until then, so that the GPU need not wait.
#[cfg(feature = "webgpu")]
const AT_ONCE: usize = 256;

/// The device that was opened: burn opens each but once.
#[cfg(feature = "webgpu")]
static GPU: OnceLock<Device> = OnceLock::new();

/// Opens a device. However often a process asks for the GPU, it is the same.
///
/// # Errors
/// [`Error::BadConfig`] if this build does not carry the backend, [`Error::WebGpuUnavailable`] if no adapter can be had.
pub async fn open(kind: DeviceKind) -> Result<Device> {
    match kind {
        #[cfg(feature = "cpu")]
        DeviceKind::Cpu => Ok(Device::flex()),
        #[cfg(feature = "webgpu")]
        DeviceKind::Wgpu => {
            if let Some(device) = GPU.get() {
                return Ok(device.clone());
            }
            match Device::wgpu_options().tasks_max(AT_ONCE).init_async().await {
                Ok(device) => Ok(GPU.get_or_init(|| device).clone()),
                // Another thread was quicker.
                Err(WgpuInitError::Registration { .. }) => Ok(Device::wgpu(burn::tensor::DeviceKind::DefaultDevice)),
                Err(e) => Err(Error::WebGpuUnavailable { reason: format!("{e:?}") }),
            }
        }
        #[allow(unreachable_patterns)]
        other => Err(Error::config("device", format!("one of {:?}", DeviceKind::available()), format!("{other:?}"))),
    }
}

/// Whether it is the CPU's backend.
#[cfg(feature = "cpu")]
pub(crate) fn is_cpu(device: &Device) -> bool {
    *device == Device::flex()
}

/// This build has none.
#[cfg(not(feature = "cpu"))]
pub(crate) fn is_cpu(_: &Device) -> bool {
    false
}

/// Whether the device takes work into a queue and goes on by itself; the CPU is done with a call when it returns.
pub(crate) fn queues(device: &Device) -> bool {
    !is_cpu(device)
}

/// A name a person can read.
pub fn name(device: &Device) -> String {
    let (place, gpu) = if cfg!(target_arch = "wasm32") { ("WebAssembly", "WebGPU") } else { ("native", "wgpu") };
    if queues(device) {
        return format!("GPU ({gpu})");
    }
    let simd = match () {
        () if cfg!(all(target_arch = "wasm32", feature = "relaxed-simd")) => ", relaxed SIMD",
        () if cfg!(any(not(target_arch = "wasm32"), target_feature = "simd128")) => ", SIMD",
        () => "",
    };
    format!("CPU ({place}{simd})")
}

/// Reads values back from the device.
pub(crate) async fn read(values: Tensor<1>) -> Result<Vec<f32>> {
    read_while(values, std::future::ready(())).await
}

/// The same; what `meanwhile` asks of the device comes after what is read, and is on its way while that is waited for. The
/// only place that waits for a device: a synchronous read panics on WebGPU.
pub(crate) async fn read_while(values: Tensor<1>, meanwhile: impl Future<Output = ()>) -> Result<Vec<f32>> {
    let device = values.device();
    #[cfg(test)]
    testing::read(&device)?;
    let mut reading = pin!(values.into_data_async());
    // Asked once it stands in the queue, and nothing after it can hold it up.
    let at_once = poll_fn(|context| Poll::Ready(reading.as_mut().poll(context))).await;
    meanwhile.await;
    let data = match at_once {
        Poll::Ready(data) => data,
        Poll::Pending => reading.await,
    };
    let data = data.map_err(|e| execution_error(&device, e))?;
    data.convert::<f32>().try_to_vec::<f32>().map_err(|e| Error::DeviceLost {
        device: name(&device),
        reason: format!("values of an unexpected kind came back: {e:?}"),
    })
}

fn execution_error(device: &Device, error: ExecutionError) -> Error {
    let reason = format!("{error:?}");
    let lower = reason.to_lowercase();
    if lower.contains("out of memory") || lower.contains("outofmemory") || lower.contains("allocat") {
        Error::OutOfMemory { device: name(device), reason }
    } else {
        Error::DeviceLost { device: name(device), reason }
    }
}

/// What tests want of the one place that waits for a device: to count the waits, and to let one fail.
#[cfg(test)]
pub(crate) mod testing {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        static READS: Cell<usize> = const { Cell::new(0) };
        static FAILS_IN: Cell<Option<usize>> = const { Cell::new(None) };
    }

    /// How many times this thread has waited. Every wait costs a browser up to 100 ms.
    pub(crate) fn reads() -> usize {
        READS.get()
    }

    /// Lets this thread's wait after `waits` others fail; `None` lets none.
    pub(crate) fn fail_after(waits: Option<usize>) {
        FAILS_IN.set(waits);
    }

    pub(super) fn read(device: &Device) -> Result<()> {
        READS.set(READS.get() + 1);
        match FAILS_IN.get() {
            Some(0) => {
                FAILS_IN.set(None);
                Err(Error::DeviceLost { device: name(device), reason: "a test wanted it".into() })
            }
            left => {
                FAILS_IN.set(left.map(|waits| waits - 1));
                Ok(())
            }
        }
    }
}
