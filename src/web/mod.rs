//! The thin layer between the engine and JavaScript: one [`Engine`] in one worker. Every object that crosses is plain
//! and has camelCase keys; every failure is `{ code, message }`.

mod convert;

use std::sync::Arc;

use burn::tensor::Device;
use js_sys::Uint8Array;
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

use crate::data::{self, ClassRoles, Dataset, Format, NamedBytes, SplitName};
use crate::device::{self, DeviceKind};
use crate::inference::{as_trained, check_fit, evaluate, logits};
use crate::model::{Card, Checkpoint, Network, Norm, Precision};
use crate::unlearning::purge::{Preset, PurgeConfig, StopReason};
use crate::unlearning::{Run, Summary};
use crate::{Error, Result};
use convert::{from_js, to_js};

type Js<T> = std::result::Result<T, JsValue>;

fn js<T>(result: Result<T>) -> Js<T> {
    result.map_err(convert::error)
}

/// A device, a network and a dataset. Calls must come one after the other.
#[wasm_bindgen]
pub struct Engine {
    device: Device,
    kind: DeviceKind,
    original: Option<Checkpoint>,
    network: Option<Network>,
    /// The classes that the network was made to forget, here or before.
    forgotten: Vec<usize>,
    /// As it was read, before the network's card had its say.
    loaded: Option<Dataset>,
    dataset: Option<Arc<Dataset>>,
    /// Logits of the network on the training samples, as long as it stays the same.
    train_logits: Option<Vec<f32>>,
    run: Option<Run>,
}

#[derive(Serialize)]
struct DeviceInfo {
    kind: &'static str,
    name: String,
}

#[derive(Serialize)]
struct ModelInfo<'a> {
    architecture: &'static str,
    channels: usize,
    base_width: usize,
    norm: Norm,
    parameters: usize,
    #[serde(flatten)]
    card: &'a Card,
}

#[derive(Deserialize)]
struct EvaluateOptions {
    #[serde(deserialize_with = "data::one_or_many")]
    forget_class: Vec<usize>,
    non_members: Option<SplitName>,
}

#[derive(Deserialize)]
struct UnlearnOptions {
    #[serde(deserialize_with = "data::one_or_many")]
    forget_class: Vec<usize>,
    preset: Option<Preset>,
    #[serde(flatten)]
    changes: serde_json::Map<String, serde_json::Value>,
}

#[derive(Serialize)]
struct Resolved<'a> {
    preset: Preset,
    /// Once more under the name that a caller gives it, so that what is resolved is itself a configuration.
    forget_class: &'a [usize],
    #[serde(flatten)]
    config: &'a PurgeConfig,
}

#[derive(Serialize)]
struct Images {
    count: usize,
    channels: usize,
    height: usize,
    width: usize,
}

#[wasm_bindgen]
impl Engine {
    /// Opens this module's device.
    pub async fn create() -> Js<Engine> {
        console_error_panic_hook::set_once();
        let kind = if cfg!(feature = "webgpu") { DeviceKind::Wgpu } else { DeviceKind::Cpu };
        Ok(Engine {
            device: js(device::open(kind).await)?,
            kind,
            original: None,
            network: None,
            forgotten: Vec::new(),
            loaded: None,
            dataset: None,
            train_logits: None,
            run: None,
        })
    }

    /// `DeviceInfo` without the reason.
    pub fn device(&self) -> Js<JsValue> {
        let kind = match self.kind {
            DeviceKind::Wgpu => "webgpu",
            DeviceKind::Cpu => "cpu",
        };
        to_js(&DeviceInfo { kind, name: device::name(&self.device) })
    }

    /// Reads a safetensors file; the network that was there stays where the file is bad.
    #[wasm_bindgen(js_name = loadModel)]
    pub fn load_model(&mut self, name: &str, bytes: &[u8]) -> Js<JsValue> {
        let checkpoint = js(Checkpoint::read(name, bytes, &self.device))?;
        let dataset = match &self.loaded {
            Some(loaded) => Some(Arc::new(js(as_trained(loaded.clone(), &checkpoint.card))?)),
            None => None,
        };
        self.dataset = dataset;
        self.set_network(Some(checkpoint.network.clone()));
        self.forgotten = checkpoint.card.forgotten_classes.clone();
        let info = model_info(&checkpoint);
        self.original = Some(checkpoint);
        info
    }

    /// Reads a dataset from its files; the one that was there stays where a file is bad.
    #[wasm_bindgen(js_name = loadDataset)]
    pub fn load_dataset(&mut self, kind: &str, names: Vec<String>, files: Vec<Uint8Array>) -> Js<JsValue> {
        let format: Format = js(kind.parse())?;
        let bytes: Vec<Vec<u8>> = files.iter().map(Uint8Array::to_vec).collect();
        let named: Vec<NamedBytes<'_>> =
            names.iter().zip(&bytes).map(|(name, bytes)| NamedBytes { name, bytes }).collect();
        let loaded = js(data::read(format, &named))?;
        let dataset = match &self.original {
            Some(original) => js(as_trained(loaded.clone(), &original.card))?,
            None => loaded.clone(),
        };
        let card = to_js(&dataset.card());
        self.loaded = Some(loaded);
        self.dataset = Some(Arc::new(dataset));
        self.train_logits = None;
        card
    }

    /// The first images of a class, uint8 in N,C,H,W order.
    pub fn samples(&self, split: &str, class: usize, count: usize) -> Js<JsValue> {
        let dataset = js(self.data())?;
        let part = match split {
            "test" => &dataset.test,
            _ => &dataset.train,
        };
        let indices: Vec<usize> = part.indices_of(class).into_iter().take(count).collect();
        let pixels: Vec<u8> = indices.iter().flat_map(|&i| part.image(i)).copied().collect();
        let shape = dataset.shape;
        let images =
            Images { count: indices.len(), channels: shape.channels, height: shape.height, width: shape.width };
        let object = to_js(&images)?;
        js_sys::Reflect::set(&object, &"pixels".into(), &Uint8Array::from(pixels.as_slice()))?;
        Ok(object)
    }

    /// What a preset and changes to it mean for the loaded network.
    #[wasm_bindgen(js_name = resolveConfig)]
    pub fn resolve_config(&self, config: JsValue) -> Js<JsValue> {
        let (preset, config) = js(self.config(config))?;
        to_js(&Resolved { preset, forget_class: &config.classes.forget, config: &config })
    }

    /// Every score, of the session's network, or of another one, `{ name, bytes }`, that stays outside it.
    pub async fn evaluate(&mut self, options: JsValue, model: JsValue) -> Js<JsValue> {
        let options: EvaluateOptions = js(from_js(options))?;
        let dataset = js(self.data())?;
        let split = options.non_members.unwrap_or(SplitName::Test);
        let classes = ClassRoles::new(options.forget_class, &self.forgotten);
        if model.is_object() {
            let name = js_sys::Reflect::get(&model, &"name".into())?.as_string().unwrap_or_else(|| "model".into());
            let bytes = Uint8Array::new(&js_sys::Reflect::get(&model, &"bytes".into())?).to_vec();
            let other = js(Checkpoint::read(&name, &bytes, &self.device))?;
            return to_js(&js(evaluate(&other.network, &dataset, &classes, split, None).await)?);
        }
        let network = js(self.current())?;
        if self.train_logits.is_none() {
            self.train_logits = Some(js(logits(&network, &dataset, &dataset.train).await)?);
        }
        to_js(&js(evaluate(&network, &dataset, &classes, split, self.train_logits.as_deref()).await)?)
    }

    /// Prepares a run.
    #[wasm_bindgen(js_name = startUnlearning)]
    pub async fn start_unlearning(&mut self, config: JsValue) -> Js<()> {
        let (_, config) = js(self.config(config))?;
        let dataset = js(self.data())?;
        let network = js(self.current())?;
        self.run = None;
        self.run = Some(js(Run::start(network, dataset, config, self.train_logits.clone()).await)?);
        Ok(())
    }

    /// Up to `steps` steps; `stop` in the answer once the run is over.
    pub async fn advance(&mut self, steps: usize) -> Js<JsValue> {
        let run = self.run.as_mut().ok_or_else(no_run)?;
        let progress = js(run.advance(steps).await)?;
        // What the network answers changes with the first step.
        self.train_logits = None;
        self.network = Some(run.network().clone());
        to_js(&progress)
    }

    /// Ends the run and keeps the network as it is.
    pub fn finish(&mut self) -> Js<JsValue> {
        let run = self.run.take().ok_or_else(no_run)?;
        let classes = run.config().classes.clone();
        let (network, summary): (Network, Summary) = run.finish();
        if !matches!(summary.stop, StopReason::Cancelled) {
            self.forgotten = classes.gone().collect();
        }
        if summary.steps > 0 {
            self.set_network(Some(network));
        }
        debug_assert!(summary.steps > 0 || matches!(summary.stop, StopReason::Cancelled | StopReason::NothingToForget));
        to_js(&summary)
    }

    /// The network as it is now, as safetensors.
    #[wasm_bindgen(js_name = exportModel)]
    pub async fn export_model(&self) -> Js<Uint8Array> {
        let network = js(self.current())?;
        let card = self.original.as_ref().map(|o| o.card.clone()).unwrap_or_default();
        let card = card.having_forgotten(self.forgotten.clone());
        let bytes = js(Checkpoint { network, card }.write(Precision::Full).await)?;
        Ok(Uint8Array::from(bytes.as_slice()))
    }

    /// Back to the network as it was loaded.
    pub fn reset(&mut self) {
        self.run = None;
        let network = self.original.as_ref().map(|o| o.network.clone());
        self.forgotten = self.original.as_ref().map(|o| o.card.forgotten_classes.clone()).unwrap_or_default();
        self.set_network(network);
    }

    fn set_network(&mut self, network: Option<Network>) {
        self.network = network;
        self.train_logits = None;
        self.run = None;
    }

    fn data(&self) -> Result<Arc<Dataset>> {
        self.dataset.clone().ok_or_else(|| Error::BadState("load a dataset first".into()))
    }

    fn current(&self) -> Result<Network> {
        self.network.clone().ok_or_else(|| Error::BadState("load a network first".into()))
    }

    fn config(&self, config: JsValue) -> Result<(Preset, PurgeConfig)> {
        let mut options: UnlearnOptions = from_js(config)?;
        // A setting of the scores that come after the run, not of the run.
        options.changes.remove("non_members");
        // They follow from the network and the class to forget.
        options.changes.remove("classes");
        let network = self.current()?;
        let dataset = self.data()?;
        check_fit(&network, &dataset)?;
        let name = self.original.as_ref().map_or("", |o| o.card.dataset.as_str());
        let preset = options.preset.unwrap_or(Preset::Strict);
        let config = PurgeConfig::preset(
            preset,
            name,
            network.architecture(),
            ClassRoles::new(options.forget_class, &self.forgotten),
        );
        let config = config.changed(options.changes)?;
        config.check(dataset.classes())?;
        Ok((preset, config))
    }
}

fn no_run() -> JsValue {
    convert::error(Error::BadState("start a run first".into()))
}

fn model_info(checkpoint: &Checkpoint) -> Js<JsValue> {
    let architecture = checkpoint.network.architecture();
    to_js(&ModelInfo {
        architecture: architecture.name(),
        channels: architecture.channels(),
        base_width: architecture.width(),
        norm: architecture.norm(),
        parameters: checkpoint.network.parameters().layout().len(),
        card: &checkpoint.card,
    })
}
