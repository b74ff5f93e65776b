use std::collections::VecDeque;

const MEMORY: usize = 10;
const MOST_ITERATIONS: usize = 500;
/// Where no part of the gradient is larger than this it is a minimum.
const FLAT: f64 = 1e-6;

/// A value and, in the second argument, its gradient.
pub(super) type Function<'a> = &'a dyn Fn(&[f64], &mut [f64]) -> f64;

/// The minimum of a smooth convex function, by L-BFGS with halved steps.
pub(super) fn minimum(function: Function<'_>, mut x: Vec<f64>) -> Vec<f64> {
    let mut gradient = vec![0.0; x.len()];
    let mut value = function(&x, &mut gradient);
    let mut memory: VecDeque<[Vec<f64>; 2]> = VecDeque::new();
    for _ in 0..MOST_ITERATIONS {
        if gradient.iter().all(|g| g.abs() <= FLAT) {
            break;
        }
        let direction = direction(&memory, &gradient);
        let slope = dot(&direction, &gradient);
        let mut step = if memory.is_empty() { 1.0 / dot(&gradient, &gradient).sqrt().max(1.0) } else { 1.0 };
        let mut next_gradient = vec![0.0; x.len()];
        let (next, next_value) = loop {
            let next: Vec<f64> = x.iter().zip(&direction).map(|(x, d)| x + step * d).collect();
            let next_value = function(&next, &mut next_gradient);
            if next_value <= value + 1e-4 * step * slope {
                break (next, next_value);
            }
            step /= 2.0;
            if step < 1e-12 {
                // No number in f64 is lower.
                return x;
            }
        };
        let moved = difference(&next, &x);
        let bent = difference(&next_gradient, &gradient);
        if dot(&moved, &bent) > 0.0 {
            if memory.len() == MEMORY {
                memory.pop_front();
            }
            memory.push_back([moved, bent]);
        }
        (x, value, gradient) = (next, next_value, next_gradient);
    }
    x
}

/// −H·g for the inverse Hessian H that the last moves and the gradient's changes show.
fn direction(memory: &VecDeque<[Vec<f64>; 2]>, gradient: &[f64]) -> Vec<f64> {
    let mut q: Vec<f64> = gradient.iter().map(|g| -g).collect();
    let mut shares = Vec::with_capacity(memory.len());
    for [moved, bent] in memory.iter().rev() {
        let share = dot(moved, &q) / dot(moved, bent);
        add(&mut q, bent, -share);
        shares.push(share);
    }
    if let Some([moved, bent]) = memory.back() {
        let scale = dot(moved, bent) / dot(bent, bent);
        q.iter_mut().for_each(|q| *q *= scale);
    }
    for ([moved, bent], share) in memory.iter().zip(shares.into_iter().rev()) {
        let other = dot(bent, &q) / dot(moved, bent);
        add(&mut q, moved, share - other);
    }
    q
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add(to: &mut [f64], what: &[f64], times: f64) {
    to.iter_mut().zip(what).for_each(|(to, what)| *to += what * times);
}

fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}
