//! A scale that has most room near its good end, where most methods are.

/// From a value's place between best and worst to its place in pixels.
#[derive(Debug, Clone, Copy)]
pub struct Axis {
    best: f64,
    worst: f64,
    /// Where the best and the worst are.
    ends: [f64; 2],
}

/// Values that a mark may stand at: multiples of these, the roundest first.
const ROUND: [f64; 7] = [50.0, 20.0, 10.0, 5.0, 2.0, 1.0, 0.5];

impl Axis {
    pub fn new(best: f64, worst: f64, ends: [f64; 2]) -> Self {
        Self { best, worst, ends }
    }

    /// The place of a value; one beyond an end is at that end.
    pub fn at(&self, value: f64) -> f64 {
        let share = ((value - self.best) / (self.worst - self.best)).clamp(0.0, 1.0);
        let [from, to] = self.ends;
        from + (to - from) * share.sqrt()
    }

    /// Round values at least so many pixels apart, ascending. `unit` is what counts as one.
    pub fn marks(&self, unit: f64, apart: f64) -> Vec<f64> {
        let (low, high) = (self.best.min(self.worst), self.best.max(self.worst));
        let mut marks: Vec<f64> = Vec::new();
        for round in ROUND.map(|round| round * unit) {
            // An end that is round itself may be a little beside it in floats.
            let (first, last) = ((low / round - 1e-9).ceil() as i64, (high / round + 1e-9).floor() as i64);
            for mark in (first..=last).map(|times| times as f64 * round) {
                if marks.iter().all(|other| (self.at(*other) - self.at(mark)).abs() >= apart) {
                    marks.push(mark);
                }
            }
        }
        marks.sort_by(f64::total_cmp);
        marks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_good_end_has_most_room() {
        let axis = Axis::new(0.0, 100.0, [10.0, 110.0]);
        // √0.04 is 0.2, √0.25 is 0.5.
        assert_eq!([0.0, 4.0, 25.0, 100.0, 120.0, -3.0].map(|x| axis.at(x)), [10.0, 30.0, 60.0, 110.0, 110.0, 10.0]);
        let down = Axis::new(99.0, 95.0, [0.0, 200.0]);
        assert_eq!([99.0, 98.0, 95.0].map(|x| down.at(x)), [0.0, 100.0, 200.0]);
    }

    #[test]
    fn marks_are_round_and_apart() {
        let axis = Axis::new(0.0, 100.0, [0.0, 500.0]);
        let marks = axis.marks(1.0, 40.0);
        assert!(marks.starts_with(&[0.0]) && marks.contains(&50.0) && marks.ends_with(&[100.0]), "{marks:?}");
        assert!(marks.windows(2).all(|pair| axis.at(pair[1]) - axis.at(pair[0]) >= 40.0), "{marks:?}");
        assert!(marks.len() >= 6, "{marks:?}");
        let fine = Axis::new(0.0, 0.3, [0.0, 500.0]).marks(0.01, 40.0);
        assert!(fine.starts_with(&[0.0]) && fine.iter().any(|mark| (mark - 0.2).abs() < 1e-9), "{fine:?}");
    }
}
