//! The kernels against burn's operations on the CPU.

mod layers;

use burn::tensor::{Device, Tensor, TensorData};

use crate::device::{DeviceKind, open};
use crate::kernels::tests::noise;
use crate::kernels::{dot, join, linear, product, spread, square, tap_means};

fn gpu() -> Device {
    pollster::block_on(open(DeviceKind::Wgpu)).expect("these tests need a graphics adapter; one of software will do")
}

#[test]
fn it_is_opened_by_whoever_asks() {
    let others: Vec<_> = (0..3).map(|_| std::thread::spawn(gpu)).collect();
    others.into_iter().for_each(|other| assert_eq!(other.join().unwrap(), gpu()));
}

/// The same numbers between −1 and 1 on the CPU and on the GPU.
fn both<const D: usize>(shape: [usize; D]) -> [Tensor<D>; 2] {
    let len = shape.iter().product();
    let values = TensorData::new(noise(len, len as u64), shape);
    [Device::flex(), gpu()].map(|device| Tensor::from_data(values.clone(), &device))
}

fn values<const D: usize>(tensor: &Tensor<D>) -> Vec<f32> {
    tensor.to_data().try_to_vec().unwrap()
}

fn close<const D: usize>([cpu, gpu]: &[Tensor<D>; 2]) {
    assert_eq!(cpu.dims(), gpu.dims());
    for (place, (cpu, gpu)) in values(cpu).into_iter().zip(values(gpu)).enumerate() {
        assert!((cpu - gpu).abs() <= 1e-5 + 1e-5 * cpu.abs(), "{cpu} and {gpu} at {place}");
    }
}

#[test]
fn parameters_are_spread_and_joined() {
    for lens in [vec![1], vec![64, 1, 63, 65], vec![3, 144, 16, 16, 16, 4608, 1, 2, 5]] {
        let [_, theta] = both([lens.iter().sum()]);
        let mut end = 0;
        let places = lens.iter().map(|len| {
            end += len;
            end - len..end
        });
        let places: Vec<_> = places.collect();
        let parts = spread(&theta, places.iter().cloned());
        for (part, place) in parts.iter().zip(places) {
            // Read as a layer does, whose operations take no more than the shape says.
            assert_eq!(values(&(part.clone() * 1.0)), values(&theta)[place]);
        }
        assert_eq!(values(&join(parts)), values(&theta));
    }
}

#[test]
fn the_last_layer_and_its_gradients() {
    for [rows, features, outputs] in [[1, 1, 1], [5, 64, 10], [300, 7, 33]] {
        let (x, weight, bias) = (both([rows, features]), both([outputs, features]), both([outputs]));
        let outer = both([rows, outputs]);
        let found: [_; 2] = std::array::from_fn(|i| {
            let leaf = |t: &Tensor<2>| t.clone().autodiff().require_grad();
            let (x, weight, bias) = (leaf(&x[i]), leaf(&weight[i]), bias[i].clone().autodiff().require_grad());
            let y = linear(x.clone(), weight.clone(), bias.clone());
            let gradients = (y.clone() * outer[i].clone().autodiff()).sum().backward();
            let of = |t: &Tensor<2>| t.grad(&gradients).unwrap();
            (y.without_autodiff(), of(&x), of(&weight), bias.grad(&gradients).unwrap())
        });
        let [cpu, gpu] = found;
        close(&[cpu.0, gpu.0]);
        close(&[cpu.1, gpu.1]);
        close(&[cpu.2, gpu.2]);
        close(&[cpu.3, gpu.3]);
    }
}

#[test]
fn products_of_matrices_and_their_gradients() {
    for [rows, inner, columns] in [[1, 1, 1], [10, 37, 64], [3, 128, 5]] {
        let (a, b, outer) = (both([inner, rows]), both([inner, columns]), both([rows, columns]));
        let found: [_; 2] = std::array::from_fn(|i| {
            let [a, b] = [&a[i], &b[i]].map(|t| t.clone().autodiff().require_grad());
            let y = product(a.clone().transpose(), b.clone());
            let gradients = (y.clone() * outer[i].clone().autodiff()).sum().backward();
            let plain = product(a.clone().without_autodiff().transpose(), b.clone().without_autodiff());
            assert_eq!(values(&y.without_autodiff()), values(&plain));
            (plain, a.grad(&gradients).unwrap(), b.grad(&gradients).unwrap())
        });
        let [cpu, gpu] = found;
        close(&[cpu.0, gpu.0]);
        close(&[cpu.1, gpu.1]);
        close(&[cpu.2, gpu.2]);
    }
}

#[test]
fn means_and_squares() {
    for images in [1, 3, 129] {
        let taps = [both([images, 8]), both([images, 64]), both([images, 300])];
        close(&[0, 1].map(|i| tap_means(taps.each_ref().map(|tap| tap[i].clone()), 0.25)));
    }
    for len in [1, 1000, 100_000] {
        let [cpu, gpu] = both([len]);
        let [cpu, gpu] = [square(&cpu), square(&gpu)];
        close(&[cpu / len as f32, gpu / len as f32]);
        let [[a, b], [c, d]] = [both([len]), both([len])];
        close(&[dot(&a, &c), dot(&b, &d)].map(|product| product / len as f32));
    }
    let broken = Tensor::<1>::from_data(TensorData::from([1.0, f32::NAN]), &gpu());
    assert!(values(&square(&broken))[0].is_nan());
}
