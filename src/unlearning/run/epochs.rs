/// How many steps the epochs of a run have: the first ones as listed, all others as the last one in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Epochs(Vec<usize>);

impl Epochs {
    /// All of so many steps.
    pub fn alike(steps: usize) -> Self {
        Self::of(Vec::new(), steps)
    }

    /// The first ones of so many steps each, then all others.
    pub fn of(first: Vec<usize>, others: usize) -> Self {
        let all = first.into_iter().chain([others]);
        Self(all.map(|steps| steps.max(1)).collect())
    }

    /// Steps of all epochs but the first few.
    pub(super) fn usual(&self) -> usize {
        self.0.last().copied().unwrap_or(1)
    }

    /// How many epochs are over after `step` steps.
    pub(super) fn over(&self, step: usize) -> usize {
        let mut left = step;
        for (epoch, &steps) in self.0.iter().enumerate() {
            if left < steps {
                return epoch;
            }
            left -= steps;
        }
        self.0.len() + left / self.usual()
    }

    /// How many there are until at least `step` steps are done.
    pub(super) fn over_after(&self, step: usize) -> usize {
        self.over(step) + usize::from(step > 0 && !self.is_end(step))
    }

    /// Whether the last step of an epoch is that one.
    pub(super) fn is_end(&self, step: usize) -> bool {
        step > 0 && self.over(step) > self.over(step - 1)
    }

    /// Steps of the first `epochs` epochs together.
    pub(super) fn steps_of(&self, epochs: usize) -> usize {
        let listed: usize = self.0.iter().take(epochs).sum();
        listed.saturating_add(self.usual().saturating_mul(epochs.saturating_sub(self.0.len())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epochs_of_one_length_are_counted_by_division() {
        let epochs = Epochs::alike(5);
        for step in 0..40_usize {
            assert_eq!(epochs.over(step), step / 5);
            assert_eq!(epochs.over_after(step), step.div_ceil(5));
            assert_eq!(epochs.is_end(step), step > 0 && step.is_multiple_of(5));
        }
        assert_eq!((epochs.steps_of(3), epochs.steps_of(0), epochs.usual()), (15, 0, 5));
        assert_eq!(epochs.steps_of(usize::MAX), usize::MAX);
    }

    #[test]
    fn the_first_epochs_may_be_of_other_lengths() {
        let epochs = Epochs::of(vec![7, 9], 4);
        let ends: Vec<usize> = (0..30).filter(|&step| epochs.is_end(step)).collect();
        assert_eq!(ends, [7, 16, 20, 24, 28]);
        assert_eq!((0..=5).map(|count| epochs.steps_of(count)).collect::<Vec<_>>(), [0, 7, 16, 20, 24, 28]);
        assert_eq!((epochs.over(16), epochs.over_after(16), epochs.over_after(17)), (2, 2, 3));
    }
}
