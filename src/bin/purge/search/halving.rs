//! Successive halving (Jamieson & Talwalkar, AISTATS 2016, arXiv 1502.07943), with classes as what is spent: all settings are
//! tried on the first class, the better ones on the second too, and the best on the third.

use std::cmp::Ordering;

/// How many settings of a method are tried on the first class, on the second and on the third: of every method as many.
pub const RUNGS: [usize; 3] = [18, 6, 2];

/// Forget accuracy, percent, up to which a class counts as forgotten.
pub const FORGOTTEN: f64 = 5.0;

/// How many trials a search over so many classes has.
pub fn trials(classes: usize) -> usize {
    RUNGS.iter().take(classes).sum()
}

/// What a setting came to on a class.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// Tug of war with the network retrained without the class, 0 to 1.
    pub tow: f64,
    /// Forget accuracy, percent.
    pub fa: f64,
    /// Whether a loss or a weight was no longer a number.
    pub diverged: bool,
}

/// Which setting is to be tried next, and on which class, by their places; `None` once the search is over. `scores` has of
/// each setting those on the classes that it was tried on, in order; `classes` is how many there are.
pub fn next(scores: &[Vec<Score>], classes: usize) -> Option<(usize, usize)> {
    let mut left: Vec<usize> = (0..scores.len()).collect();
    for (class, &count) in RUNGS.iter().take(classes).enumerate() {
        left.sort_by(|&a, &b| by_tow(&scores[a][..class], &scores[b][..class]));
        left.truncate(count);
        if let Some(&setting) = left.iter().find(|&&setting| scores[setting].len() == class) {
            return Some((setting, class));
        }
    }
    None
}

/// The settings, the best first: those that were tried on more classes, and of these those that have forgotten.
pub fn ranking(scores: &[Vec<Score>]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    let remembers = |scores: &[Score]| mean(scores, |score| score.fa) > FORGOTTEN;
    order.sort_by(|&a, &b| {
        let [a, b] = [&scores[a], &scores[b]];
        let [state_a, state_b] = [a, b].map(|scores| (diverged(scores), remembers(scores)));
        b.len().cmp(&a.len()).then(state_a.cmp(&state_b)).then_with(|| by_tow(a, b))
    });
    order
}

/// By mean ToW, which knows of what is remembered too, so that one class alone need not decide what is forgotten; last what diverged.
/// The better one is less. Equals stay in their order, so that the same scores always lead to the same winner.
fn by_tow(a: &[Score], b: &[Score]) -> Ordering {
    let [tow_a, tow_b] = [a, b].map(|scores| mean(scores, |score| score.tow));
    diverged(a).cmp(&diverged(b)).then(tow_b.total_cmp(&tow_a))
}

fn diverged(scores: &[Score]) -> bool {
    scores.iter().any(|score| score.diverged)
}

/// The mean of a number over classes; 0 of none.
pub fn mean(scores: &[Score], of: impl Fn(&Score) -> f64) -> f64 {
    scores.iter().map(of).sum::<f64>() / scores.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(tow: f64, fa: f64) -> Score {
        Score { tow, fa, diverged: false }
    }

    #[test]
    fn what_forgets_is_before_what_does_not_and_each_is_ranked_by_tow() {
        let diverged = Score { diverged: true, ..score(1.0, 0.0) };
        let scores = [
            vec![diverged],
            vec![score(0.99, 5.1)],
            vec![score(0.2, 0.0)],
            vec![score(0.7, 5.0)],
            vec![score(0.995, 30.0)],
            vec![score(0.7, 0.0)],
        ];
        assert_eq!(ranking(&scores), [3, 5, 2, 4, 1, 0]);
        // On the mean of two classes 4 % is forgotten, 6 % is not; who diverged once is last; who was tried on more is before.
        let scores = [
            vec![score(0.9, 0.0), score(0.9, 12.0)],
            vec![score(0.6, 0.0), score(0.8, 8.0)],
            vec![score(0.9, 0.0), diverged],
            vec![score(0.99, 0.0)],
        ];
        assert_eq!(ranking(&scores), [1, 0, 2, 3]);
    }

    /// Setting s has a ToW of s hundredths on the first class, on the second it is the other way round among the best, and on
    /// the third all are alike.
    fn came_to(setting: usize, class: usize) -> Score {
        let tow = match class {
            0 => setting as f64 / 100.0,
            1 => 1.0 - setting as f64 / 50.0,
            _ => 0.5,
        };
        score(tow, 0.0)
    }

    fn searched(classes: usize) -> (Vec<Vec<Score>>, Vec<(usize, usize)>) {
        let mut scores = vec![Vec::new(); RUNGS[0]];
        let mut tried = Vec::new();
        while let Some((setting, class)) = next(&scores, classes) {
            tried.push((setting, class));
            scores[setting].push(came_to(setting, class));
        }
        (scores, tried)
    }

    #[test]
    fn the_better_ones_go_on() {
        let (scores, tried) = searched(3);
        assert_eq!(tried.len(), trials(3));
        let on = |class| {
            let mut settings: Vec<usize> = tried.iter().filter(|of| of.1 == class).map(|of| of.0).collect();
            settings.sort_unstable();
            settings
        };
        assert_eq!(on(0), (0..18).collect::<Vec<_>>());
        assert_eq!(on(1), [12, 13, 14, 15, 16, 17]);
        // 0.12 + 0.76 and 0.13 + 0.74 are the largest sums of both.
        assert_eq!(on(2), [12, 13]);
        assert_eq!(ranking(&scores)[..3], [12, 13, 14]);
        let classes: Vec<usize> = tried.iter().map(|of| of.1).collect();
        assert!(classes.is_sorted(), "a class is begun when the one before is done");
        assert_eq!((searched(1).1.len(), searched(2).1.len()), (18, 24));
    }

    #[test]
    fn a_search_that_was_stopped_goes_on_as_it_would_have() {
        let (_, tried) = searched(3);
        for stopped in 0..tried.len() {
            let mut scores = vec![Vec::new(); RUNGS[0]];
            tried[..stopped].iter().for_each(|&(setting, class)| scores[setting].push(came_to(setting, class)));
            assert_eq!(next(&scores, 3), Some(tried[stopped]));
        }
    }
}
