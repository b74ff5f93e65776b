use burn::tensor::{Device, Tensor, TensorData};

use super::Slope;

fn row<const K: usize>(values: [f32; K]) -> Tensor<2> {
    Tensor::from_data(TensorData::new(values.to_vec(), [1, K]), &Device::flex())
}

/// The loss of one image, its gradient with respect to the logits, and its numbers.
fn of<const K: usize>(slope: Slope, z: [f32; K], label: usize, teacher: Option<[f32; K]>) -> [Vec<f32>; 3] {
    let leaf = row(z).autodiff().require_grad();
    let labels = row::<K>(std::array::from_fn(|class| f32::from(u8::from(class == label))));
    let (loss, numbers) = slope.losses(&leaf, labels, teacher.map(row), 1.0);
    let value = loss.clone().without_autodiff();
    let gradient = leaf.grad(&loss.backward()).unwrap();
    [value.into_data(), gradient.into_data(), numbers.into_data()].map(|data| data.try_to_vec().unwrap())
}

#[track_caller]
fn close(found: &[f32], expected: &[f32]) {
    let near = found.len() == expected.len() && found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-3);
    assert!(near, "found {found:?}, expected {expected:?}");
}

const P: [f32; 3] = [0.7, 0.2, 0.1];

#[test]
fn up_and_down_the_cross_entropy_by_hand() {
    let [_, down, _] = of(Slope::of_labels(1.0), [0.0; 3], 1, None);
    close(&down, &[1.0 / 3.0, -2.0 / 3.0, 1.0 / 3.0]);
    let [loss, up, numbers] = of(Slope::of_labels(-1.0), P.map(f32::ln), 0, None);
    close(&loss, &[0.7_f32.ln()]);
    close(&up, &[0.3, -0.2, -0.1]);
    close(&numbers, &[-(0.7_f32.ln()), 1.0]);
}

#[test]
fn the_divergence_of_a_teacher_by_hand() {
    let only = |temperature| Slope { cross_entropy: 0.0, divergence: 1.0, temperature };
    // A teacher that says every class alike: KL to uniform.
    let [loss, gradient, _] = of(only(1.0), P.map(f32::ln), 0, Some([0.0; 3]));
    close(&loss, &[0.3243]);
    close(&gradient, &[0.367, -0.133, -0.233]);
    // SCRUB's d.
    for (temperature, d) in [(1.0, 1.3610), (2.0, 1.4567), (4.0, 1.4224)] {
        let [loss, _, numbers] = of(only(temperature), [0.0, 2.0, 0.0], 0, Some([2.0, 0.0, 0.0]));
        close(&loss, &[d]);
        close(&numbers[2..], &[d]);
    }
    // Bad Teacher's loss; the authors' mean over all numbers is half of it here.
    let [loss, _, _] = of(only(1.0), [0.9_f32.ln(), 0.1_f32.ln()], 0, Some([0.0; 2]));
    close(&loss, &[0.5108]);
    close(&[loss[0] / 2.0], &[0.2554]);
}
