use super::Rows;

/// A square matrix, row by row.
struct Square {
    values: Vec<f64>,
    side: usize,
}

/// `XᵀY`, `[D, E]` row by row.
fn product_of_columns(x: &Rows, y: &Rows) -> Vec<f64> {
    let width = y.width();
    let mut sums = vec![0.0; x.width() * width];
    for (x, y) in x.iter().zip(y.iter()) {
        for (sums, x) in sums.chunks_exact_mut(width).zip(x) {
            sums.iter_mut().zip(y).for_each(|(sum, y)| *sum += x * y);
        }
    }
    sums
}

fn square_norm(values: &[f64]) -> f64 {
    values.iter().map(|value| value * value).sum()
}

/// How alike two networks' features of the same samples are but for a rotation and a scale, 0 to 1: `‖YᵀX‖² / (‖XᵀX‖ ‖YᵀY‖)` of
/// centred columns (Kornblith et al., ICML 2019). Too high where there are fewer samples than features; 0 without spread.
pub(crate) fn linear_cka(x: &Rows, y: &Rows) -> f64 {
    let (x, y) = (x.centred(), y.centred());
    let norms = square_norm(&product_of_columns(&x, &x)).sqrt() * square_norm(&product_of_columns(&y, &y)).sqrt();
    if norms > 0.0 { square_norm(&product_of_columns(&x, &y)) / norms } else { 0.0 }
}

/// The Fréchet distance of two sets of features, each taken for a normal distribution:
/// `‖μ − μ'‖² + Tr(Σ + Σ' − 2(ΣΣ')^½)`. `None` of fewer than two samples.
pub(crate) fn frechet(x: &Rows, y: &Rows) -> Option<f64> {
    if x.len() < 2 || y.len() < 2 {
        return None;
    }
    let apart: f64 = x.means().iter().zip(y.means()).map(|(a, b)| (a - b) * (a - b)).sum();
    let (a, b) = (Square::covariance(x), Square::covariance(y));
    // Σ^½ Σ' Σ^½ is symmetric, and has the eigenvalues of ΣΣ'.
    let root = a.root();
    let middle = root.times(&b).times(&root);
    let cross: f64 = middle.eigen(false).0.iter().map(|value| value.max(0.0).sqrt()).sum();
    Some((apart + a.trace() + b.trace() - 2.0 * cross).max(0.0))
}

impl Square {
    fn covariance(rows: &Rows) -> Self {
        let centred = rows.centred();
        let mut values = product_of_columns(&centred, &centred);
        values.iter_mut().for_each(|value| *value /= (rows.len() - 1) as f64);
        Self { values, side: rows.width() }
    }

    fn trace(&self) -> f64 {
        self.values.iter().step_by(self.side + 1).sum()
    }

    fn times(&self, other: &Square) -> Square {
        let side = self.side;
        let mut values = vec![0.0; side * side];
        for (row, to) in self.values.chunks_exact(side).zip(values.chunks_exact_mut(side)) {
            for (a, other) in row.iter().zip(other.values.chunks_exact(side)) {
                to.iter_mut().zip(other).for_each(|(to, b)| *to += a * b);
            }
        }
        Square { values, side }
    }

    /// The square root of a symmetric matrix without negative eigenvalues.
    fn root(&self) -> Square {
        let (eigenvalues, vectors) = self.eigen(true);
        let side = self.side;
        let mut values = vec![0.0; side * side];
        for (eigenvalue, vector) in eigenvalues.iter().zip(vectors.chunks_exact(side)) {
            let root = eigenvalue.max(0.0).sqrt();
            for (to, a) in values.chunks_exact_mut(side).zip(vector) {
                to.iter_mut().zip(vector).for_each(|(to, b)| *to += root * a * b);
            }
        }
        Square { values, side }
    }

    /// Eigenvalues of a symmetric matrix and, in rows, its eigenvectors where they are wanted: by rotations that take away one
    /// number beside the diagonal after the other (Jacobi).
    fn eigen(&self, with_vectors: bool) -> (Vec<f64>, Vec<f64>) {
        let side = self.side;
        let mut a = self.values.clone();
        let mut vectors = vec![0.0; if with_vectors { side * side } else { 0 }];
        vectors.iter_mut().step_by(side + 1).for_each(|one| *one = 1.0);
        let whole = square_norm(&a);
        for _ in 0..MOST_SWEEPS {
            let diagonal = square_norm(&a.iter().step_by(side + 1).copied().collect::<Vec<_>>());
            if whole - diagonal <= 1e-13 * whole && beside(&a, side) <= 1e-24 * whole {
                break;
            }
            for p in 0..side {
                for q in p + 1..side {
                    rotate(&mut a, &mut vectors, side, p, q);
                }
            }
        }
        (a.into_iter().step_by(side + 1).collect(), vectors)
    }
}

const MOST_SWEEPS: usize = 30;

/// The squares of all that is not on the diagonal.
fn beside(a: &[f64], side: usize) -> f64 {
    a.iter().enumerate().filter(|(i, _)| i / side != i % side).map(|(_, value)| value * value).sum()
}

/// Turns rows and columns p and q so that the number where they cross is 0.
fn rotate(a: &mut [f64], vectors: &mut [f64], side: usize, p: usize, q: usize) {
    let crossing = a[p * side + q];
    if crossing == 0.0 {
        return;
    }
    let theta = (a[q * side + q] - a[p * side + p]) / (2.0 * crossing);
    let tangent = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
    let cosine = 1.0 / (tangent * tangent + 1.0).sqrt();
    let sine = tangent * cosine;
    for row in a.chunks_exact_mut(side) {
        (row[p], row[q]) = (cosine * row[p] - sine * row[q], sine * row[p] + cosine * row[q]);
    }
    turn_rows(a, side, p, q, cosine, sine);
    if !vectors.is_empty() {
        turn_rows(vectors, side, p, q, cosine, sine);
    }
}

fn turn_rows(a: &mut [f64], side: usize, p: usize, q: usize, cosine: f64, sine: f64) {
    let (upper, lower) = a.split_at_mut(q * side);
    for (a, b) in upper[p * side..][..side].iter_mut().zip(&mut lower[..side]) {
        (*a, *b) = (cosine * *a - sine * *b, sine * *a + cosine * *b);
    }
}
