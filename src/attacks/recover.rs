//! Fine-tuning recovery (PURGE paper): 50 training images of the class alone, ten passes at a rate of 1e-3, and what of the class is
//! back after each. The paper does not say which optimizer; here it is SGD with momentum 0.9, in batches of 128 as its program has
//! them, so that a pass over 50 images is one step. Batch normalisation is frozen.

use super::options::{OptionInfo, Options, SEED};
use super::report::{Report, figure};
use super::scene::{Scene, drawn};
use super::seam::{Attack, AttackInfo, Attacking, CurveInfo, NoteInfo, NumberInfo, Second};
use super::training::Student;
use crate::Result;
use crate::data::Shuffled;
use crate::unlearning::settings::words;

/// See the [module](self).
#[derive(Debug)]
pub struct Recover;

static INFO: AttackInfo = AttackInfo {
    name: "recover",
    title: words("Fine-tuning recovery"),
    sentence: words(
        "Trains on 50 forgotten images alone, as the paper does, and looks how much of the class comes back.",
    ),
    formula: words(
        "Forgotten test images recognised after each of ten passes of SGD (rate 1e-3) over 50 images of D_f",
    ),
    year: 2026,
    source: words("https://arxiv.org/abs/2606.03808"),
    second: Second::Welcome,
    options: &[
        SEED,
        OptionInfo::whole("samples", [1, 100_000], 50, "Images", "How many training images of the class it gets."),
        OptionInfo::whole("epochs", [1, 10_000], 10, "Passes", "Over these images."),
        OptionInfo::whole("batch_size", [1, 65_536], 128, "Batch size", "Images that a step looks at."),
        OptionInfo::over_zero("learning_rate", 1e3, 1e-3, "Learning rate", "Of SGD."),
    ],
    headline: "fa_after",
    numbers: &[
        NumberInfo { key: "fa_after", label: words("Forgotten test images recognised after the last pass"), unit: "%" },
        NumberInfo { key: "fa_before", label: words("Likewise before the first"), unit: "%" },
        NumberInfo {
            key: "rest_after",
            label: words("Test images of the other classes recognised after the last pass"),
            unit: "%",
        },
        NumberInfo { key: "rest_before", label: words("Likewise before the first"), unit: "%" },
    ],
    curves: &[
        CurveInfo { key: "fa", label: words("Forgotten class"), x: words("Passes"), y: words("Recognised, %") },
        CurveInfo { key: "rest", label: words("Other classes"), x: words("Passes"), y: words("Recognised, %") },
    ],
    notes: &[
        NoteInfo { key: "frozen", sentence: words("Running statistics of batch normalisation stay as they are.") },
        NoteInfo { key: "no_samples", sentence: words("There is no training image of the class.") },
    ],
};

impl Attack for Recover {
    fn info(&self) -> &'static AttackInfo {
        &INFO
    }

    fn begin(&self, scene: Scene, options: Options) -> Attacking {
        Box::pin(attacked(scene, options))
    }
}

async fn attacked(scene: Scene, options: Options) -> Result<Report> {
    let mut report = Report::new(&INFO, options.clone());
    if scene.network().running_flat().is_some() {
        report.note("frozen");
    }
    let dataset = scene.dataset().clone();
    let test = &dataset.test;
    let [forgotten, rest] = [true, false].map(|forgets| {
        test.indices_where(|class| if forgets { scene.roles().forgets(class) } else { scene.roles().retains(class) })
    });
    let of_class = dataset.train.indices_where(|class| scene.roles().forgets(class));
    let shown = drawn(of_class, options.whole("samples"), options.seed());
    if shown.is_empty() {
        report.note("no_samples");
        return Ok(report);
    }
    let mut batches = Shuffled::new(shown, options.whole("batch_size"), options.seed() ^ 0x4ec0);
    let mut student = Student::new(scene.network().clone(), &scene, options.number("learning_rate"));
    let epochs = options.whole("epochs");
    let (mut fa, mut others) = (Vec::new(), Vec::new());
    for epoch in 0..=epochs {
        scene.breathe(epoch as f64 / (epochs + 1) as f64).await;
        if epoch > 0 {
            while let Some(batch) = batches.next_in_pass() {
                student.learn(batch).await;
                scene.breathe_again().await;
            }
        }
        fa.push([epoch as f64, scene.recall(&student.network, test, &forgotten).await?]);
        others.push([epoch as f64, scene.recall(&student.network, test, &rest).await?]);
    }
    for (after, before, curve) in [("fa_after", "fa_before", &fa), ("rest_after", "rest_before", &others)] {
        report.push(figure(after, curve[epochs][1]));
        report.push(figure(before, curve[0][1]));
    }
    report.curve("fa", fa);
    report.curve("rest", others);
    Ok(report)
}
