//! Relearning: how many steps until the class is back? Batches of a few forgotten images, always the same ones, among retained ones;
//! after each step other images of the class are counted. The Anamnesis index is the steps over those of the retrained network
//! (Chundawat et al., TIFS 2023, arXiv 2201.05629).
//!
//! As the network is, most of this depends on its head: a retrained network has pushed the missing class's logit far down, which
//! can be had without forgetting anything. So it is done again with the class's row of the head drawn anew, at two rates.
//! A step may also break the network rather than teach it, which tells nothing of the class: so what is left of the rest is told too.
//! Of two networks that answer alike, that whose normalised layers are larger still learns more slowly (docs/deep.md).

use super::maths::mean;
use super::options::{OptionInfo, Options, SEED};
use super::report::{Figure, Report, ScoreHistogram, figure};
use super::scene::{Scene, drawn};
use super::seam::{Attack, AttackInfo, Attacking, CurveInfo, NoteInfo, NumberInfo, Second};
use super::training::{Student, with_rows_anew};
use crate::data::{ClassRoles, Shuffled, Split};
use crate::evaluation::Histogram;
use crate::unlearning::settings::words;
use crate::{Result, inference};

/// See the [module](self).
#[derive(Debug)]
pub struct Relearn;

/// Images of the class that are counted, at most.
const COUNTED: usize = 500;

/// Where less than this of the rest is still recognised, percent, the network has come apart.
const APART: f64 = 50.0;

/// A way to do it: the names of its three numbers, its index, its curve and what is left of the rest; whether rows are drawn anew, and
/// which rate.
struct Way {
    steps: [&'static str; 3],
    index: &'static str,
    rest: &'static str,
    curve: &'static str,
    anew: bool,
    rate: &'static str,
}

const WAYS: [Way; 3] = [
    Way {
        steps: ["as_is_10", "as_is_50", "as_is_90"],
        index: "as_is_index",
        rest: "as_is_rest",
        curve: "as_is",
        anew: false,
        rate: "learning_rate",
    },
    Way {
        steps: ["anew_10", "anew_50", "anew_90"],
        index: "anew_index",
        rest: "anew_rest",
        curve: "anew",
        anew: true,
        rate: "learning_rate",
    },
    Way {
        steps: ["anew_fine_10", "anew_fine_50", "anew_fine_90"],
        index: "anew_fine_index",
        rest: "anew_fine_rest",
        curve: "anew_fine",
        anew: true,
        rate: "fine_rate",
    },
];

const MARKS: [f64; 3] = [10.0, 50.0, 90.0];

static INFO: AttackInfo = AttackInfo {
    name: "relearn",
    title: words("Relearning"),
    sentence: words("Shows the network a few forgotten images again and counts the steps until it knows the class."),
    formula: words(
        "Steps of SGD (momentum 0.9, 32 forgotten and 32 retained images) until 10, 50 and 90 % of other images of the class are recognised",
    ),
    year: 2023,
    source: words("https://arxiv.org/abs/2201.05629"),
    second: Second::Welcome,
    options: &[
        SEED,
        OptionInfo::whole(
            "samples",
            [1, 10_000],
            32,
            "Forgotten images",
            "How many images of the class it is shown, in every batch again.",
        ),
        OptionInfo::whole(
            "seeds",
            [1, 100],
            3,
            "Draws",
            "How often images, batches and row are drawn anew; the numbers are means.",
        ),
        OptionInfo::whole(
            "steps",
            [1, 100_000],
            100,
            "Most steps",
            "Where it gives up; a mark that was not reached counts as this many.",
        ),
        OptionInfo::over_zero("learning_rate", 1e3, 1e-2, "Learning rate", "Of SGD."),
        OptionInfo::over_zero(
            "fine_rate",
            1e3,
            2e-3,
            "Fine rate",
            "The same where steps are to be told apart more finely.",
        ),
    ],
    headline: "anew_fine_90",
    numbers: &[
        NumberInfo { key: "as_is_10", label: words("As is (depends on the head): to 10 %"), unit: "steps" },
        NumberInfo { key: "as_is_50", label: words("As is: to 50 %"), unit: "steps" },
        NumberInfo { key: "as_is_90", label: words("As is: to 90 %"), unit: "steps" },
        NumberInfo { key: "anew_10", label: words("Row of the head drawn anew: to 10 %"), unit: "steps" },
        NumberInfo { key: "anew_50", label: words("Row drawn anew: to 50 %"), unit: "steps" },
        NumberInfo { key: "anew_90", label: words("Row drawn anew: to 90 %"), unit: "steps" },
        NumberInfo { key: "anew_fine_10", label: words("Row drawn anew, fine rate: to 10 %"), unit: "steps" },
        NumberInfo { key: "anew_fine_50", label: words("Row drawn anew, fine rate: to 50 %"), unit: "steps" },
        NumberInfo { key: "anew_fine_90", label: words("Row drawn anew, fine rate: to 90 %"), unit: "steps" },
        NumberInfo {
            key: "as_is_index",
            label: words("Anamnesis index at 90 %, as is; 1 is as slow as retrained"),
            unit: "",
        },
        NumberInfo { key: "anew_index", label: words("Anamnesis index, row drawn anew"), unit: "" },
        NumberInfo { key: "anew_fine_index", label: words("Anamnesis index, row drawn anew, fine rate"), unit: "" },
        NumberInfo { key: "as_is_rest", label: words("As is: of the other classes then recognised"), unit: "%" },
        NumberInfo {
            key: "anew_rest",
            label: words("Row drawn anew: of the other classes then recognised"),
            unit: "%",
        },
        NumberInfo {
            key: "anew_fine_rest",
            label: words("Row drawn anew, fine rate: of the other classes then recognised"),
            unit: "%",
        },
        NumberInfo { key: "logit", label: words("Logit of the class on its own images, mean"), unit: "" },
        NumberInfo {
            key: "logit_of_others",
            label: words("Logit of the class on images of the others, mean"),
            unit: "",
        },
        NumberInfo { key: "counted", label: words("Other images of the class that are counted"), unit: "" },
    ],
    curves: &[
        CurveInfo { key: "as_is", label: words("As is"), x: words("Steps"), y: words("Recognised, %") },
        CurveInfo { key: "anew", label: words("Row drawn anew"), x: words("Steps"), y: words("Recognised, %") },
        CurveInfo {
            key: "anew_fine",
            label: words("Row drawn anew, fine rate"),
            x: words("Steps"),
            y: words("Recognised, %"),
        },
    ],
    notes: &[
        NoteInfo { key: "frozen", sentence: words("Running statistics of batch normalisation stay as they are.") },
        NoteInfo {
            key: "not_reached",
            sentence: words("Not every draw got as far: such a mark counts as the most steps allowed."),
        },
        NoteInfo {
            key: "apart",
            sentence: words(
                "In some draw the steps broke the network: at the end it knew less than half of the other classes. How many there were tells little of the class then.",
            ),
        },
        NoteInfo {
            key: "no_samples",
            sentence: words("There are too few images of the class to show some and count others."),
        },
    ],
};

impl Attack for Relearn {
    fn info(&self) -> &'static AttackInfo {
        &INFO
    }

    fn begin(&self, scene: Scene, options: Options) -> Attacking {
        Box::pin(attacked(scene, options))
    }

    fn judge(&self, report: &mut Report) {
        for way in WAYS {
            let [.., last] = way.steps;
            let index = report.number(last).and_then(|Figure { value, reference, .. }| {
                // A network that knows the class at once has needed no step: there is no ratio to it.
                reference.filter(|reference| *reference > 0.0).map(|reference| value / reference)
            });
            index.into_iter().for_each(|index| report.push(figure(way.index, index)));
        }
    }
}

async fn attacked(scene: Scene, options: Options) -> Result<Report> {
    let mut report = Report::new(&INFO, options.clone());
    if scene.network().running_flat().is_some() {
        report.note("frozen");
    }
    let roles = scene.roles().clone();
    let train = &scene.dataset().train;
    let of_class = train.indices_where(|class| roles.forgets(class));
    let retained = train.indices_where(|class| roles.retains(class));
    let samples = options.whole("samples");
    if of_class.len() <= samples || retained.is_empty() {
        report.note("no_samples");
        return Ok(report);
    }
    logits_of_the_class(&mut report, &scene, [&of_class, &retained], &options).await?;
    let rest = drawn(retained.clone(), COUNTED.min(retained.len()), options.seed());
    let (draws, most) = (options.whole("seeds"), options.whole("steps"));
    for (place, way) in WAYS.into_iter().enumerate() {
        let (mut courses, mut left) = (Vec::new(), Vec::new());
        for draw in 0..draws {
            let seed = options.seed().wrapping_add(draw as u64);
            // The first are shown; of the others, shuffled too, some are counted.
            let shuffled = drawn(of_class.clone(), of_class.len(), seed);
            let (shown, others) = shuffled.split_at(samples);
            let counted = &others[..others.len().min(COUNTED)];
            let mut batches = Shuffled::new(retained.clone(), samples, seed ^ 0x5eed);
            let network = match way.anew {
                true => with_rows_anew(scene.network(), &roles.forget, seed).await?,
                false => scene.network().clone(),
            };
            let mut student = Student::new(network, &scene, options.number(way.rate));
            let mut course = vec![scene.recall(&student.network, train, counted).await?];
            while course.len() <= most && course.last().is_some_and(|recall| *recall < MARKS[2]) {
                let passes = (WAYS.len() * draws) as f64;
                let done = (place * draws + draw) as f64 + course.len() as f64 / (most + 1) as f64;
                scene.breathe(done / passes).await;
                student.learn(&[shown, batches.next_endless()].concat()).await;
                course.push(scene.recall(&student.network, train, counted).await?);
            }
            if course.last().is_some_and(|recall| *recall < MARKS[2]) {
                report.note("not_reached");
            }
            courses.push(course);
            let of_rest = scene.recall(&student.network, train, &rest).await?;
            if of_rest < APART {
                report.note("apart");
            }
            left.push(of_rest);
        }
        for (key, mark) in way.steps.into_iter().zip(MARKS) {
            let reached = |course: &Vec<f64>| course.iter().position(|recall| *recall >= mark).unwrap_or(most) as f64;
            report.push(figure(key, mean(courses.iter().map(reached))));
        }
        report.push(figure(way.rest, mean(left)));
        report.curve(way.curve, mean_course(&courses));
    }
    report.push(figure("counted", (of_class.len() - samples).min(COUNTED) as f64));
    Ok(report)
}

/// Where the head has put the class, on images of its own and of the others: what the first of the three numbers hangs on.
async fn logits_of_the_class(
    report: &mut Report,
    scene: &Scene,
    images: [&[usize]; 2],
    options: &Options,
) -> Result<()> {
    let roles = scene.roles();
    let count = images[0].len().min(images[1].len()).min(COUNTED);
    let train = &scene.dataset().train;
    let mut sides = Vec::new();
    for images in images {
        let some = drawn(images.to_vec(), count, options.seed());
        sides.push(largest_logits(scene, roles, train, &some).await?);
    }
    let [own, others] = [0, 1].map(|side| sides[side].as_slice());
    report.push(figure("logit", mean(own.iter().copied())));
    report.push(figure("logit_of_others", mean(others.iter().copied())));
    report.histograms.push(ScoreHistogram { key: "logit", histogram: Histogram::of(own, others) });
    Ok(())
}

/// Of each image the largest logit of a forgotten class.
async fn largest_logits(scene: &Scene, roles: &ClassRoles, split: &Split, indices: &[usize]) -> Result<Vec<f64>> {
    let logits = inference::logits_of(scene.hands(), scene.network(), scene.dataset(), split, indices).await?;
    scene.breathe_again().await;
    let largest =
        |row: &[f32]| roles.forget.iter().map(|&class| f64::from(row[class])).fold(f64::NEG_INFINITY, f64::max);
    Ok(logits.chunks_exact(scene.dataset().classes()).map(largest).collect())
}

/// The mean of the draws after each step; a draw that has ended stays where it is.
fn mean_course(courses: &[Vec<f64>]) -> Vec<[f64; 2]> {
    let longest = courses.iter().map(Vec::len).max().unwrap_or_default();
    let at = |course: &Vec<f64>, step: usize| course.get(step).or(course.last()).copied().unwrap_or_default();
    (0..longest).map(|step| [step as f64, mean(courses.iter().map(|course| at(course, step)))]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_that_has_ended_stays_where_it_is() {
        let curve = mean_course(&[vec![0.0, 90.0], vec![10.0, 20.0, 95.0]]);
        assert_eq!(curve, [[0.0, 5.0], [1.0, 55.0], [2.0, 92.5]]);
    }
}
