//! Few-shot recall: how well does a new head find the forgotten class on frozen features, fitted with a few images of each class?
//! The old head, in which a class may merely be hidden, has no part in it.

use super::maths::{head, mean};
use super::options::{C, OptionInfo, Options, SEED};
use super::report::{Report, figure};
use super::scene::{Scene, drawn};
use super::seam::{Attack, AttackInfo, Attacking, NumberInfo, Second};
use crate::Result;
use crate::unlearning::settings::words;

/// See the [module](self).
#[derive(Debug)]
pub struct Few;

/// Test images of the other classes that the new head is tried on.
const OTHERS: usize = 1000;

static INFO: AttackInfo = AttackInfo {
    name: "few",
    title: words("A new head from a few images"),
    sentence: words(
        "Fits a new last layer on the frozen features, with a few images of each class, and asks it for the forgotten one.",
    ),
    formula: words("Recall of multinomial logistic regression (C 1) on penultimate features, 32 images a class"),
    year: 2026,
    source: words("This project"),
    second: Second::Welcome,
    options: &[
        SEED,
        OptionInfo::whole(
            "samples",
            [1, 10_000],
            32,
            "Images a class",
            "How many training images of each class the head is fitted with.",
        ),
        OptionInfo::whole("seeds", [1, 100], 3, "Draws", "How often they are drawn anew."),
        C,
    ],
    headline: "recall",
    numbers: &[
        NumberInfo { key: "recall", label: words("Forgotten test images that the new head recognises"), unit: "%" },
        NumberInfo { key: "recall_of_draw", label: words("Likewise, one draw"), unit: "%" },
        NumberInfo { key: "others", label: words("Test images of the other classes that it recognises"), unit: "%" },
    ],
    curves: &[],
    notes: &[],
};

impl Attack for Few {
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
    let roles = scene.roles().clone();
    let classes: Vec<usize> =
        (0..dataset.classes()).filter(|class| roles.forgets(*class) || roles.retains(*class)).collect();
    let forgotten = dataset.test.indices_where(|class| roles.forgets(class));
    let others = drawn(dataset.test.indices_where(|class| roles.retains(class)), OTHERS, options.seed());
    scene.breathe(0.0).await;
    let asked = [forgotten.as_slice(), &others].concat();
    let [_, _, features] = scene.activations(scene.network(), &dataset.test, &asked).await?.taps;
    let place = |label: usize| classes.iter().position(|class| *class == label).unwrap_or_default();
    let (mut recalls, mut of_others) = (Vec::new(), Vec::new());
    let draws = options.whole("seeds");
    for draw in 0..draws {
        scene.breathe(0.2 + 0.8 * draw as f64 / draws as f64).await;
        let seed = options.seed().wrapping_add(draw as u64);
        let chosen: Vec<usize> = classes
            .iter()
            .flat_map(|&class| drawn(dataset.train.indices_of(class), options.whole("samples"), seed))
            .collect();
        let labels: Vec<usize> = chosen.iter().map(|&i| place(dataset.train.labels()[i].into())).collect();
        let [_, _, known] = scene.activations(scene.network(), &dataset.train, &chosen).await?.taps;
        let fitted = head(&known, &labels, classes.len(), options.number(C.key));
        let right = |i: usize| fitted.predict(features.row(i)) == place(dataset.test.labels()[asked[i]].into());
        let share = |from: usize, to: usize| {
            100.0 * (from..to).filter(|&i| right(i)).count() as f64 / (to - from).max(1) as f64
        };
        recalls.push(share(0, forgotten.len()));
        of_others.push(share(forgotten.len(), asked.len()));
    }
    report.push(figure("recall", mean(recalls.iter().copied())));
    for (draw, recall) in recalls.into_iter().enumerate() {
        report.push(figure("recall_of_draw", recall).of(format!("{draw}")));
    }
    report.push(figure("others", mean(of_others)));
    Ok(report)
}
