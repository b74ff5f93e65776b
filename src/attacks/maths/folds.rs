/// The fold of each sample: `count` folds with the same shares of each class, classes dealt out in the order in which they
/// appear, as scikit-learn's `StratifiedKFold` does without shuffling.
pub(crate) fn folds(labels: &[usize], count: usize) -> Vec<usize> {
    let mut classes: Vec<usize> = Vec::new();
    for label in labels {
        if !classes.contains(label) {
            classes.push(*label);
        }
    }
    let place = |label: &usize| classes.iter().position(|class| class == label).unwrap_or_default();
    let mut in_order: Vec<usize> = labels.iter().map(place).collect();
    in_order.sort_unstable();
    // Every count-th of the sorted labels belongs to one fold: that says how many of each class it gets.
    let share = |fold: usize, class: usize| in_order.iter().skip(fold).step_by(count).filter(|&&c| c == class).count();
    let mut waiting: Vec<Vec<usize>> = (0..classes.len())
        .map(|class| (0..count).flat_map(|fold| std::iter::repeat_n(fold, share(fold, class))).rev().collect())
        .collect();
    labels.iter().map(|label| waiting[place(label)].pop().unwrap_or_default()).collect()
}
