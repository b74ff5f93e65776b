//! The thin layer between the workspace and JavaScript: one [`Engine`] in one worker. It only converts: every object that
//! crosses is plain and has camelCase keys, every failure is `{ code, message, fatal }`.

mod convert;
#[cfg(feature = "cpu")]
mod crew;

use js_sys::{Function, Promise, Reflect, Uint8Array};
use serde::Serialize;
use serde_json::Value;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::data::{self, Dataset, Format, NamedBytes, SplitName, packed};
use crate::device::{self, DeviceKind};
use crate::model::{Checkpoint, Network};
use crate::unlearning::{Preset, RunConfig};
#[cfg(feature = "cpu")]
use crate::work::{helper, pool::Pool};
use crate::workspace::{AttackRequest, Attacked, RunRequest, Version, Workspace};
use crate::{Error, Result};
use convert::{fields, to_js};

type Js<T> = std::result::Result<T, JsValue>;

fn js<T>(result: Result<T>) -> Js<T> {
    result.map_err(convert::error)
}

/// A workspace on this module's device. Calls must come one after the other.
#[wasm_bindgen]
pub struct Engine {
    workspace: Workspace,
    kind: DeviceKind,
}

#[derive(Serialize)]
struct DeviceInfo {
    kind: &'static str,
    name: String,
}

#[derive(Serialize)]
struct Resolved<'a> {
    /// Once more under the name that a caller gives it, so that what is resolved is itself a configuration.
    forget_class: &'a [usize],
    #[serde(flatten)]
    config: &'a RunConfig,
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
        let device = js(device::open(kind).await)?;
        Ok(Engine { workspace: Workspace::new(&device), kind })
    }

    /// Lets helpers do a part of everything that is computed from now on; see `pkg/src/crew.ts`.
    #[cfg(feature = "cpu")]
    #[wasm_bindgen(js_name = setCrew)]
    pub fn set_crew(&mut self, crew: crew::JsCrew) {
        self.workspace.set_hands(Box::new(Pool::new(crew::Workers(crew))));
    }

    /// `DeviceInfo` without the reason.
    pub fn device(&self) -> Js<JsValue> {
        let kind = match self.kind {
            DeviceKind::Wgpu => "webgpu",
            DeviceKind::Cpu => "cpu",
        };
        to_js(&DeviceInfo { kind, name: device::name(self.workspace.device()) })
    }

    /// `State`: what is loaded and what has become of it.
    pub fn state(&self) -> Js<JsValue> {
        to_js(&self.workspace.info())
    }

    /// Reads a safetensors file; a bad one changes nothing.
    #[wasm_bindgen(js_name = loadModel)]
    pub fn load_model(&mut self, name: &str, bytes: &[u8]) -> Js<JsValue> {
        let checkpoint = js(Checkpoint::read(name, bytes, self.workspace.device()))?;
        self.workspace.load_network(name, checkpoint);
        self.state()
    }

    /// Reads a dataset from its files; bad ones change nothing.
    #[wasm_bindgen(js_name = loadDataset)]
    pub fn load_dataset(&mut self, kind: &str, names: Vec<String>, files: Vec<Uint8Array>) -> Js<JsValue> {
        let dataset = js(read(kind, &names, &files))?;
        self.workspace.load_dataset(dataset);
        self.state()
    }

    /// Both at once, or neither.
    pub fn load(
        &mut self,
        name: &str,
        model: &[u8],
        kind: &str,
        names: Vec<String>,
        files: Vec<Uint8Array>,
    ) -> Js<JsValue> {
        let checkpoint = js(Checkpoint::read(name, model, self.workspace.device()))?;
        let dataset = js(read(kind, &names, &files))?;
        self.workspace.load(dataset, name, checkpoint);
        self.state()
    }

    /// The first images of a class, uint8 in N,C,H,W order.
    pub fn samples(&self, split: &str, class: f64, count: f64) -> Js<JsValue> {
        let images = js(split
            .parse()
            .and_then(|split| self.workspace.samples(split, whole("class", class)?, whole("count", count)?)))?;
        let shape = images.shape();
        let head = Images { count: images.len(), channels: shape.channels, height: shape.height, width: shape.width };
        let object = to_js(&head)?;
        Reflect::set(&object, &"pixels".into(), &Uint8Array::from(images.pixels()))?;
        Ok(object)
    }

    /// What a preset and changes to it mean for the loaded network.
    #[wasm_bindgen(js_name = resolveConfig)]
    pub fn resolve_config(&self, config: JsValue) -> Js<JsValue> {
        let config = js(self.config(&config))?;
        to_js(&Resolved { forget_class: &config.classes().forget, config: &config })
    }

    /// Every score, of the session's network, or of another one, `{ name, bytes }`, that stays outside it.
    pub async fn evaluate(&mut self, options: JsValue, model: JsValue) -> Js<JsValue> {
        let EvaluateOptions { forget, split, version } = js(EvaluateOptions::of(&options))?;
        if let Some((name, other)) = self.other(&model)? {
            let evaluation = self.workspace.evaluate_other(&other.network, forget, split).await;
            return to_js(&js(evaluation.map_err(|error| named(error, &name)))?);
        }
        to_js(&js(self.workspace.evaluate(version, forget, split).await)?)
    }

    /// Prepares an attack: on the session's network, or on the retrained one, `{ name, bytes }`, which else is the yardstick.
    #[wasm_bindgen(js_name = startAttack)]
    pub fn start_attack(&mut self, name: String, options: JsValue, retrained: JsValue) -> Js<()> {
        let (file, retrained) = self.other(&retrained)?.unzip();
        let retrained = retrained.map(|checkpoint| checkpoint.network);
        let started =
            attack_request(name, &options, retrained).and_then(|request| self.workspace.start_attack(request));
        js(started.map_err(|error| {
            let of_other = matches!(&error, Error::BadModel { file, .. } if file == "network");
            match &file {
                Some(file) if of_other => named(error, file),
                _ => error,
            }
        }))
    }

    /// Goes on with it for a while; `report` in the answer once it is over.
    #[wasm_bindgen(js_name = advanceAttack)]
    pub async fn advance_attack(&mut self) -> Js<JsValue> {
        to_js(&js(self.workspace.advance_attack().await)?)
    }

    /// Leaves it at that.
    #[wasm_bindgen(js_name = dropAttack)]
    pub fn drop_attack(&mut self) {
        self.workspace.drop_attack();
    }

    /// Computes what a run begins with and keeps it.
    pub async fn prepare(&mut self) -> Js<()> {
        js(self.workspace.prepare().await.map(|_| ()))
    }

    /// Milliseconds of a step of a run on black images, apart from all that is loaded; see [`Workspace::rehearse`]. `goes_on`
    /// gives a promise of true or false; at false the answer is undefined.
    pub async fn rehearse(&self, batch: f64, height: f64, width: f64, goes_on: Function) -> Js<Option<f64>> {
        let size = (js(whole("height", height))?, js(whole("width", width))?);
        let ask = async || match goes_on.call0(&JsValue::NULL) {
            Ok(answer) => JsFuture::from(Promise::resolve(&answer)).await.is_ok_and(|goes_on| goes_on.is_truthy()),
            Err(_) => false,
        };
        js(self.workspace.rehearse(js(whole("batch", batch))?, size, ask).await)
    }

    /// Prepares a run.
    #[wasm_bindgen(js_name = startUnlearning)]
    pub async fn start_unlearning(&mut self, config: JsValue) -> Js<()> {
        let config = js(self.config(&config))?;
        js(self.workspace.start(config).await)
    }

    /// Up to `steps` steps; `stop` in the answer once the run is over.
    pub async fn advance(&mut self, steps: usize) -> Js<JsValue> {
        to_js(&js(self.workspace.advance(steps).await)?)
    }

    /// Takes the next step beforehand. It shows only when `advance` asks for it.
    #[wasm_bindgen(js_name = goAhead)]
    pub async fn go_ahead(&mut self) {
        self.workspace.go_ahead().await;
    }

    /// Ends the run and keeps the network as it is.
    pub fn finish(&mut self) -> Js<JsValue> {
        to_js(&js(self.workspace.finish())?)
    }

    /// The network as it is now, as safetensors; its card tells of every run.
    #[wasm_bindgen(js_name = exportModel)]
    pub async fn export_model(&mut self) -> Js<Uint8Array> {
        Ok(Uint8Array::from(js(self.workspace.export().await)?.as_slice()))
    }

    /// The dataset as it was read, or its light version, as one packed file, not compressed.
    #[wasm_bindgen(js_name = exportDataset)]
    pub fn export_dataset(&self, light: bool) -> Js<Uint8Array> {
        let packed = self
            .workspace
            .dataset_as_read()
            .and_then(|dataset| if light { packed::write(&dataset.clone().light()) } else { packed::write(dataset) });
        Ok(Uint8Array::from(js(packed)?.as_slice()))
    }

    /// A network that a run made of the loaded one, as `exportModel` gave it: takes its place in a new engine.
    pub fn restore(&mut self, bytes: &[u8]) -> Js<JsValue> {
        let checkpoint = js(Checkpoint::read("restored network", bytes, self.workspace.device()))?;
        js(self.workspace.restore(checkpoint))?;
        self.state()
    }

    /// The network as it is now becomes the loaded one.
    pub async fn keep(&mut self) -> Js<JsValue> {
        js(self.workspace.keep().await)?;
        self.state()
    }

    /// Back to the network as it was loaded.
    pub fn reset(&mut self) -> Js<JsValue> {
        self.workspace.reset();
        self.state()
    }

    /// A network that stays outside the workspace, `{ name, bytes }`, and its file's name.
    fn other(&self, model: &JsValue) -> Js<Option<(String, Checkpoint)>> {
        if !model.is_object() {
            return Ok(None);
        }
        let name = Reflect::get(model, &"name".into())?.as_string().unwrap_or_else(|| "model".into());
        let bytes = Uint8Array::new(&Reflect::get(model, &"bytes".into())?).to_vec();
        let checkpoint = js(Checkpoint::read(&name, &bytes, self.workspace.device()))?;
        Ok(Some((name, checkpoint)))
    }

    fn config(&self, config: &JsValue) -> Result<RunConfig> {
        let mut changes = fields(config)?;
        let mut take = |key: &str| changes.remove(key);
        let method = take("method").map(|name| word("method", name)).transpose()?;
        let preset = take("preset").map(|name| word("preset", name)).transpose()?;
        let preset: Option<Preset> = preset.map(|name| name.parse()).transpose()?;
        let forget = classes(take("forget_class"))?;
        self.workspace.resolve(RunRequest { method, preset, forget, changes })
    }
}

/// Does parts for an [`Engine`] in another worker.
#[cfg(feature = "cpu")]
#[wasm_bindgen]
#[derive(Debug)]
pub struct Helper(helper::Helper);

#[cfg(feature = "cpu")]
#[wasm_bindgen]
impl Helper {
    /// Without a network.
    pub async fn create() -> Js<Helper> {
        console_error_panic_hook::set_once();
        Ok(Helper(helper::Helper::new(&js(device::open(DeviceKind::Cpu).await)?)))
    }

    /// The network that the parts to come are about.
    #[wasm_bindgen(js_name = takeNetwork)]
    pub fn take_network(&mut self, bytes: &[u8]) -> Js<()> {
        js(self.0.take_network(bytes))
    }

    /// Does a part.
    pub fn work(&self, part: &[u8]) -> Js<Uint8Array> {
        Ok(Uint8Array::from(js(self.0.work(part))?.as_slice()))
    }
}

struct EvaluateOptions {
    forget: Vec<usize>,
    split: SplitName,
    version: Version,
}

impl EvaluateOptions {
    fn of(options: &JsValue) -> Result<Self> {
        let mut options = fields(options)?;
        let mut take = |key: &str| options.remove(key);
        let forget = classes(take("forget_class"))?;
        let split = take("non_members").map(split).transpose()?.unwrap_or(SplitName::Test);
        let version = match take("network").map(|name| word("network", name)).transpose()?.as_deref() {
            None | Some("current") => Version::Current,
            Some("loaded") => Version::Loaded,
            Some(other) => return Err(Error::config("network", "current or loaded", other)),
        };
        match options.keys().next() {
            Some(unknown) => Err(Error::config(unknown, "forgetClass, nonMembers or network", "another name")),
            None => Ok(Self { forget, split, version }),
        }
    }
}

fn attack_request(name: String, options: &JsValue, retrained: Option<Network>) -> Result<AttackRequest> {
    let mut changes = fields(options)?;
    let forget = classes(changes.remove("forget_class"))?;
    let network = match changes.remove("network").map(|name| word("network", name)).transpose()?.as_deref() {
        None | Some("after") => Attacked::Own(Version::Current),
        Some("before") => Attacked::Own(Version::Loaded),
        Some("retrained") => Attacked::Retrained,
        Some(other) => return Err(Error::config("network", "before, after or retrained", other)),
    };
    let non_members = changes.remove("non_members").map(split).transpose()?;
    Ok(AttackRequest { name, network, forget, non_members, retrained, changes, ..AttackRequest::default() })
}

/// A class, or a list of them.
fn classes(given: Option<Value>) -> Result<Vec<usize>> {
    let class = |value: &Value| value.as_u64().and_then(|class| usize::try_from(class).ok());
    let list = match &given {
        None => return Ok(Vec::new()),
        Some(Value::Array(list)) => list.iter().map(class).collect(),
        Some(one) => class(one).map(|class| vec![class]),
    };
    let wrong = || {
        let found = given.map(|given| given.to_string()).unwrap_or_default();
        Error::config("forget_class", "a class, counted from 0, or a list of them", found)
    };
    list.ok_or_else(wrong)
}

fn read(kind: &str, names: &[String], files: &[Uint8Array]) -> Result<Dataset> {
    let format: Format = kind.parse()?;
    let bytes: Vec<Vec<u8>> = files.iter().map(Uint8Array::to_vec).collect();
    let named: Vec<NamedBytes<'_>> = names.iter().zip(&bytes).map(|(name, bytes)| NamedBytes { name, bytes }).collect();
    data::read(format, &named)
}

fn whole(field: &str, number: f64) -> Result<usize> {
    let fits = number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number);
    if fits { Ok(number as usize) } else { Err(Error::config(field, "a whole number from 0 on", number)) }
}

/// The split that the non-members come from.
fn split(name: Value) -> Result<SplitName> {
    word("non_members", name)?.parse()
}

fn word(field: &str, value: Value) -> Result<String> {
    match value {
        Value::String(word) => Ok(word),
        other => Err(Error::config(field, "a name", other)),
    }
}

/// Names the file of another network that does not fit.
fn named(error: Error, file: &str) -> Error {
    match error {
        Error::BadModel { expected, found, .. } => Error::model(file, expected, found),
        other => other,
    }
}
