use std::fmt;
use std::future::poll_fn;
use std::task::Poll;

use serde::Serialize;
use serde_json::{Map, Value};
use web_time::{Duration, Instant};

use super::options::Options;
use super::report::Report;
use super::scene::{Scene, Share};
use super::seam::{Attack, Attacking, Second};
use crate::fit::check_fit;
use crate::{Error, Result};

/// An attack that is pulled: each [`AttackRun::advance`] goes on with it for a while. Not calling it is a pause, dropping it the
/// end.
pub struct AttackRun {
    attack: &'static dyn Attack,
    /// `None` once it is over.
    work: Option<Attacking>,
    share: Share,
    spent: Duration,
}

/// How an attack stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AttackProgress {
    /// How much of it is done, 0 to 1.
    pub share: f64,
    /// What it came to, once it is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<Report>,
}

impl fmt::Debug for AttackRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttackRun").field("attack", &self.attack).field("share", &self.share).finish_non_exhaustive()
    }
}

impl AttackRun {
    /// Prepares it; `changes` are the options that differ from the defaults.
    ///
    /// # Errors
    /// [`Error::BadConfig`] for classes that cannot be forgotten, an option that the attack does not have or a value out of its
    /// range, and without the second network where one is needed; [`Error::BadModel`] where a network does not fit the dataset.
    pub fn start(attack: &'static dyn Attack, scene: Scene, changes: &Map<String, Value>) -> Result<Self> {
        let info = attack.info();
        let options = Options::of(info, changes)?;
        scene.roles().check(scene.dataset().classes())?;
        scene.dataset().non_members(scene.non_members())?;
        check_fit(scene.network(), scene.dataset())?;
        if let Some(retrained) = scene.retrained() {
            check_fit(retrained, scene.dataset())?;
        }
        if info.second == Second::Needed && scene.retrained().is_none() {
            let expected = format!("the network retrained without the class, which {} compares with", info.name);
            return Err(Error::config("retrained", expected, "none"));
        }
        let share = scene.share();
        let work = Box::pin(whole(attack, scene, options));
        Ok(Self { attack, work: Some(work), share, spent: Duration::ZERO })
    }

    /// Which it is.
    pub fn attack(&self) -> &'static dyn Attack {
        self.attack
    }

    /// Goes on until it takes its next breath, or is over.
    ///
    /// # Errors
    /// Those of the device, after which it is over, and [`Error::BadState`] once it is.
    pub async fn advance(&mut self) -> Result<AttackProgress> {
        let began = Instant::now();
        let mut work = self.work.take().ok_or_else(|| Error::BadState("this attack is over".into()))?;
        let done = poll_fn(|context| match work.as_mut().poll(context) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending if self.share.has_news() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        })
        .await;
        self.spent += began.elapsed();
        match done {
            None => {
                self.work = Some(work);
                Ok(AttackProgress { share: self.share.value(), report: None })
            }
            Some(report) => {
                let report = Report { seconds: self.spent.as_secs_f64(), ..report? };
                Ok(AttackProgress { share: 1.0, report: Some(report) })
            }
        }
    }

    /// All that is left of it.
    ///
    /// # Errors
    /// Those of [`AttackRun::advance`].
    pub async fn finish(mut self) -> Result<Report> {
        loop {
            if let Some(report) = self.advance().await?.report {
                return Ok(report);
            }
        }
    }
}

/// The attack, and the same on the retrained network where that is there.
async fn whole(attack: &'static dyn Attack, scene: Scene, options: Options) -> Result<Report> {
    let reference = match attack.info().second {
        Second::Welcome => scene.of_retrained(),
        Second::Needed => None,
    };
    let share = scene.share();
    let passes = if reference.is_some() { 2.0 } else { 1.0 };
    share.within(0.0, 1.0 / passes);
    let mut report = attack.begin(scene, options.clone()).await?;
    if let Some(reference) = reference {
        share.within(0.5, 1.0);
        report.put_beside(attack.begin(reference, options).await?);
        attack.judge(&mut report);
    }
    Ok(report)
}
