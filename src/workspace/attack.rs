use serde_json::{Map, Value};

use super::{Version, Workspace};
use crate::attacks::{AttackProgress, AttackRun, Scene, attack};
use crate::data::{ClassRoles, SplitName};
use crate::inference::LogitCache;
use crate::model::Network;
use crate::{Error, Result};

/// What a caller wants of an attack; what is left out follows from the attack.
#[derive(Debug, Clone, Default)]
pub struct AttackRequest {
    /// The attack's name.
    pub name: String,
    /// Which network is attacked.
    pub network: Attacked,
    /// The classes that are to be forgotten.
    pub forget: Vec<usize>,
    /// Where the non-members come from; `None` for the test split.
    pub non_members: Option<SplitName>,
    /// The network retrained without them. For attacks on another one it is the yardstick.
    pub retrained: Option<Network>,
    /// What is known of its answers.
    pub retrained_logits: LogitCache,
    /// Options that differ from the defaults, by key.
    pub changes: Map<String, Value>,
}

/// Which network an attack is made on.
#[derive(Debug, Clone)]
pub enum Attacked {
    /// One of the workspace's own.
    Own(Version),
    /// The retrained one.
    Retrained,
    /// One from elsewhere, and what is known of its answers.
    Other(Box<(Network, LogitCache)>),
}

impl Default for Attacked {
    fn default() -> Self {
        Attacked::Own(Version::Current)
    }
}

impl Workspace {
    /// Prepares an attack, in place of one that is under way. What it is made on stays what it is now, whatever runs make of the
    /// workspace's network; other data, another network and a reset end it.
    ///
    /// # Errors
    /// Those of [`AttackRun::start`]; [`Error::BadConfig`] without the retrained network where that is to be attacked;
    /// [`Error::BadState`] and [`Error::BadModel`] where there is nothing to attack.
    pub fn start_attack(&mut self, request: AttackRequest) -> Result<()> {
        let attack = attack(&request.name)?;
        let AttackRequest { network, forget, non_members, retrained, retrained_logits, changes, .. } = request;
        let on_retrained = matches!(network, Attacked::Retrained);
        let scene = match network {
            Attacked::Own(version) => self.scene_of(version, forget)?,
            Attacked::Other(other) => {
                let (network, logits) = *other;
                self.scene_of_other(network, logits, forget)?
            }
            Attacked::Retrained => {
                let expected = "the network retrained without the class, which is to be attacked";
                let network = retrained.clone().ok_or_else(|| Error::config("retrained", expected, "none"))?;
                self.scene_of_other(network, retrained_logits.clone(), forget)?
            }
        };
        let scene = match retrained.filter(|_| !on_retrained || attack.info().needs_retrained()) {
            Some(retrained) => scene.with_retrained(retrained).with_retrained_logits(retrained_logits),
            None => scene,
        };
        let scene = scene.with_non_members(non_members.unwrap_or(SplitName::Test));
        self.attack = Some(AttackRun::start(attack, scene, &changes)?);
        Ok(())
    }

    /// Goes on with the attack, see [`AttackRun::advance`].
    ///
    /// # Errors
    /// [`Error::BadState`] where none is under way, and those of the device.
    pub async fn advance_attack(&mut self) -> Result<AttackProgress> {
        let mut attack = self.attack.take().ok_or_else(|| Error::BadState("start an attack first".into()))?;
        let progress = attack.advance().await?;
        if progress.report.is_none() {
            self.attack = Some(attack);
        }
        Ok(progress)
    }

    /// Leaves the attack at that, if one is under way.
    pub fn drop_attack(&mut self) {
        self.attack = None;
    }

    fn scene_of_other(&self, network: Network, logits: LogitCache, forget: Vec<usize>) -> Result<Scene> {
        let roles = ClassRoles::new(forget, self.forgotten());
        Ok(Scene::new(network, logits, self.fitting()?.clone(), roles, self.hands.clone()))
    }

    fn scene_of(&self, version: Version, forget: Vec<usize>) -> Result<Scene> {
        let dataset = self.fitting()?.clone();
        let hands = self.hands.clone();
        if version == Version::Loaded || !self.is_changed() {
            let checkpoint = &self.loaded()?.checkpoint;
            let roles = ClassRoles::new(forget, &checkpoint.card.forgotten_classes);
            return Ok(Scene::new(checkpoint.network.clone(), self.logits_loaded.clone(), dataset, roles, hands));
        }
        let roles = ClassRoles::new(forget, self.forgotten());
        Ok(Scene::new(self.network()?.clone(), self.logits_now.clone(), dataset, roles, hands))
    }
}
