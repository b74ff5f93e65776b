//! Held against what an independent program says is in the fixtures.

use super::*;
use std::collections::HashMap;

#[derive(serde::Deserialize)]
struct Expected {
    shape: [usize; 4],
    labels: Vec<u16>,
    sha256_nchw_u8: String,
}

fn check(key: &str, report: &data::SplitReport, split: &Split) {
    let all: HashMap<String, Expected> =
        serde_json::from_str(include_str!("../fixtures/formats/expected.json")).unwrap();
    let expected = &all[key];
    assert_eq!(report.shape, expected.shape, "{key}");
    assert_eq!(report.sha256, expected.sha256_nchw_u8, "{key}");
    assert_eq!(split.labels(), expected.labels, "{key}");
    let count = |class: usize| expected.labels.iter().filter(|&&label| label as usize == class).count();
    let counts = report.counts.as_ref().unwrap();
    assert!(counts.iter().enumerate().all(|(class, &n)| n == count(class)), "{key}: {counts:?}");
    assert_eq!(counts.iter().sum::<usize>(), expected.labels.len());
}

#[test]
fn idx() {
    let (packed_images, packed_labels) = (gzip(IMAGES), gzip(LABELS));
    for (images, labels) in [(IMAGES, LABELS), (&packed_images, &packed_labels)] {
        let reports = data::inspect(&[named("labels", labels), named("images", images)]).unwrap();
        assert_eq!(reports.len(), 1);
        assert_eq!((reports[0].format, reports[0].split), (Format::Idx, None));
        let split = idx::read_split(named("images", images), named("labels", labels)).unwrap();
        check("idx3-images", &reports[0], &split);
    }
}

#[test]
fn medmnist() {
    for (file, bytes) in [("medmnist_grey.npz", GREY), ("medmnist_rgb_stored.npz", RGB)] {
        let reports = data::inspect(&[named(file, bytes)]).unwrap();
        let dataset = medmnist::read(file, bytes).unwrap();
        assert_eq!(reports.len(), 3);
        for (report, (name, split)) in reports.iter().zip(dataset.splits()) {
            assert_eq!((report.format, report.split), (Format::Medmnist, Some(name)));
            check(&format!("{file}:{}", name.as_str()), report, split);
        }
    }
}

#[test]
fn packing_keeps_every_byte() {
    let dataset = medmnist::read("medmnist_rgb_stored.npz", RGB).unwrap();
    for gzip in [false, true] {
        let reports = data::inspect(&[named("set.purge", &packed_file(&dataset, gzip).unwrap())]).unwrap();
        for (report, (name, split)) in reports.iter().zip(dataset.splits()) {
            check(&format!("medmnist_rgb_stored.npz:{}", name.as_str()), report, split);
        }
    }
}

#[test]
fn idx_files_pair_up_in_order() {
    let alone = data::inspect(&[named("images", IMAGES)]).unwrap();
    assert_eq!((alone[0].shape, &alone[0].counts), ([5, 1, 28, 28], &None));
    let text = data::inspect(&[named("images", IMAGES), named("labels", LABELS)]).unwrap()[0].to_string();
    let sha256 = &alone[0].sha256;
    assert_eq!(text, format!("images\n  shape   5 × 1 × 28 × 28\n  counts  1 1 1 0 1 0 0 1\n  sha256  {sha256}"));
    let labels = message(data::inspect(&[named("labels", LABELS)]));
    assert_eq!(labels, "labels: expected as many files of IDX images as of labels, 1, found 0");
    let unknown = message(data::inspect(&[named("x", b"no dataset")]));
    let expected = "x: expected a packed dataset, IDX, a MedMNIST archive, a MATLAB 5.0 file, or whole records of CIFAR or \
                    STL-10, found 10 bytes, the first no datas (at byte 0)";
    assert_eq!(unknown, expected);
}

#[test]
fn files_of_one_split_each() {
    let files = [
        ("cifar10.bin", CIFAR10, Format::Cifar10),
        ("cifar100.bin", CIFAR100, Format::Cifar100),
        ("svhn_plain_32x32.mat", SVHN, Format::Svhn),
        ("svhn_compressed_32x32.mat", SVHN_COMPRESSED, Format::Svhn),
    ];
    for (file, bytes, format) in files {
        for bytes in [bytes.to_vec(), gzip(bytes)] {
            let name = named(file, &bytes);
            let reports = data::inspect(&[name]).unwrap();
            assert_eq!(reports.len(), 1, "{file}");
            assert_eq!((reports[0].format, reports[0].split), (format, None));
            let split = match format {
                Format::Cifar10 => cifar::read_file(Cifar::Ten, name),
                Format::Cifar100 => cifar::read_file(Cifar::Hundred, name),
                _ => svhn::read_file(name),
            };
            check(file, &reports[0], &split.unwrap());
        }
    }
}

#[test]
fn stl10() {
    for (images, labels) in [(STL10_IMAGES.to_vec(), STL10_LABELS.to_vec()), (gzip(STL10_IMAGES), gzip(STL10_LABELS))] {
        let (images, labels) = (named("train_X.bin", &images), named("train_y.bin", &labels));
        let reports = data::inspect(&[labels, images]).unwrap();
        assert_eq!(reports.len(), 1);
        check("stl10_X.bin", &reports[0], &stl10::read_split(images, labels).unwrap());
        assert_eq!(data::inspect(&[images]).unwrap()[0].counts, None);
    }
}
