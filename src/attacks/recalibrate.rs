//! Batch-norm recalibration (PURGE paper): does the class come back when the running statistics are measured again? One pass over
//! D_r in batch normalisation's training mode, without a gradient; the weights stay. The old statistics fade with momentum 0.1,
//! they are not reset.

use super::options::{OptionInfo, Options, SEED};
use super::report::{Report, figure};
use super::scene::Scene;
use super::seam::{Attack, AttackInfo, Attacking, NoteInfo, NumberInfo, Second};
use crate::Result;
use crate::data::{Shuffled, images};
use crate::unlearning::settings::words;

/// See the [module](self).
#[derive(Debug)]
pub struct Recalibrate;

static INFO: AttackInfo = AttackInfo {
    name: "recalibrate",
    title: words("Batch-norm recalibration"),
    sentence: words(
        "Measures the running statistics of batch normalisation again, on the other classes, and looks whether the class is back.",
    ),
    formula: words(
        "ΔF = FA after − FA before, on forgotten test images; one pass over D_r in training mode, momentum 0.1",
    ),
    year: 2026,
    source: words("https://arxiv.org/abs/2606.03808"),
    second: Second::Welcome,
    options: &[
        SEED,
        OptionInfo::whole(
            "batch_size",
            [2, 65_536],
            128,
            "Batch size",
            "Images that each batch takes its statistics from.",
        ),
    ],
    headline: "delta",
    numbers: &[
        NumberInfo {
            key: "delta",
            label: words("ΔF: forgotten test images recognised, after less before"),
            unit: "points",
        },
        NumberInfo { key: "fa_before", label: words("Forgotten test images recognised before"), unit: "%" },
        NumberInfo { key: "fa_after", label: words("Likewise after"), unit: "%" },
        NumberInfo {
            key: "rest_before",
            label: words("Test images of the other classes recognised before"),
            unit: "%",
        },
        NumberInfo { key: "rest_after", label: words("Likewise after"), unit: "%" },
    ],
    curves: &[],
    notes: &[NoteInfo {
        key: "no_batch_norm",
        sentence: words(
            "This network has no batch normalisation, and so no statistics that could be measured again: nothing changes.",
        ),
    }],
};

impl Attack for Recalibrate {
    fn info(&self) -> &'static AttackInfo {
        &INFO
    }

    fn begin(&self, scene: Scene, options: Options) -> Attacking {
        Box::pin(attacked(scene, options))
    }
}

async fn attacked(scene: Scene, options: Options) -> Result<Report> {
    let mut report = Report::new(&INFO, options.clone());
    let dataset = scene.dataset().clone();
    let test = &dataset.test;
    let forgotten = test.indices_where(|class| scene.roles().forgets(class));
    let rest = test.indices_where(|class| scene.roles().retains(class));
    let mut network = scene.network().clone();
    scene.breathe(0.0).await;
    let fa_before = scene.recall(&network, test, &forgotten).await?;
    let rest_before = scene.recall(&network, test, &rest).await?;
    let (mut fa_after, mut rest_after) = (fa_before, rest_before);
    if network.running_flat().is_some() {
        let retained = dataset.train.indices_where(|class| scene.roles().retains(class));
        let mut batches = Shuffled::new(retained, options.whole("batch_size"), options.seed());
        let (mut done, count) = (0, batches.batches_per_pass());
        let views = network.parameters().views();
        let device = network.parameters().flat().device();
        while let Some(batch) = batches.next_in_pass() {
            network.forward_training(&views, images(&dataset.normalisation, &dataset.train, batch, &device));
            done += 1;
            scene.breathe(0.2 + 0.6 * done as f64 / count as f64).await;
        }
        fa_after = scene.recall(&network, test, &forgotten).await?;
        rest_after = scene.recall(&network, test, &rest).await?;
    } else {
        report.note("no_batch_norm");
    }
    for (key, value) in [
        ("delta", fa_after - fa_before),
        ("fa_before", fa_before),
        ("fa_after", fa_after),
        ("rest_before", rest_before),
        ("rest_after", rest_after),
    ] {
        report.push(figure(key, value));
    }
    Ok(report)
}
