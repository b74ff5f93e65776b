//! What the formats do not carry: titles, class names and licences of the sets we know.

mod defaults;

pub use defaults::{AuthorsDefaults, Defaults, TrainingDefaults, defaults};

use super::dataset::ALL_MEMBERS;
use super::{Dataset, Normalisation, Split};

pub(crate) struct Known {
    pub name: &'static str,
    pub title: &'static str,
    pub channels: usize,
    pub class_names: &'static [&'static str],
    pub source: &'static str,
    pub licence: &'static str,
}

impl Known {
    /// The set, made of the splits that its files have.
    pub(crate) fn dataset(&self, train: Split, test: Split) -> Dataset {
        Dataset {
            name: self.name.into(),
            title: self.title.into(),
            class_names: self.class_names(),
            shape: train.shape(),
            normalisation: Normalisation::of(&train),
            train,
            val: None,
            test,
            members: ALL_MEMBERS.into(),
            source: Some(self.source.into()),
            licence: Some(self.licence.into()),
        }
    }

    pub(crate) fn class_names(&self) -> Vec<String> {
        self.class_names.iter().map(|name| name.to_string()).collect()
    }
}

pub(crate) static MNIST: Known = Known {
    name: "mnist",
    title: "MNIST",
    channels: 1,
    class_names: &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
    source: "The MNIST database of handwritten digits (LeCun, Cortes, Burges)",
    licence: "CC BY-SA 3.0",
};

pub(crate) static CIFAR10: Known = Known {
    name: "cifar10",
    title: "CIFAR-10",
    channels: 3,
    class_names: &["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"],
    source: CIFAR_SOURCE,
    licence: NO_LICENCE,
};

pub(crate) static CIFAR100: Known = Known {
    name: "cifar100",
    title: "CIFAR-100",
    channels: 3,
    class_names: &CIFAR100_CLASSES,
    source: CIFAR_SOURCE,
    licence: NO_LICENCE,
};

#[rustfmt::skip]
static CIFAR100_CLASSES: [&str; 100] = [
    "apple", "aquarium fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle", "bottle", "bowl", "boy", "bridge", "bus",
    "butterfly", "camel", "can", "castle", "caterpillar", "cattle", "chair", "chimpanzee", "clock", "cloud", "cockroach", "couch",
    "crab", "crocodile", "cup", "dinosaur", "dolphin", "elephant", "flatfish", "forest", "fox", "girl", "hamster", "house",
    "kangaroo", "keyboard", "lamp", "lawn mower", "leopard", "lion", "lizard", "lobster", "man", "maple tree", "motorcycle",
    "mountain", "mouse", "mushroom", "oak tree", "orange", "orchid", "otter", "palm tree", "pear", "pickup truck", "pine tree",
    "plain", "plate", "poppy", "porcupine", "possum", "rabbit", "raccoon", "ray", "road", "rocket", "rose", "sea", "seal", "shark",
    "shrew", "skunk", "skyscraper", "snail", "snake", "spider", "squirrel", "streetcar", "sunflower", "sweet pepper", "table",
    "tank", "telephone", "television", "tiger", "tractor", "train", "trout", "tulip", "turtle", "wardrobe", "whale", "willow tree",
    "wolf", "woman", "worm",
];

pub(crate) static SVHN: Known = Known {
    name: "svhn",
    title: "SVHN",
    channels: 3,
    class_names: &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
    source: "Street View House Numbers, cropped digits (Netzer et al., 2011)",
    licence: "for non-commercial use",
};

pub(crate) static STL10: Known = Known {
    name: "stl10",
    title: "STL-10",
    channels: 3,
    class_names: &["airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck"],
    source: "STL-10 (Coates, Ng, Lee, 2011), from ImageNet",
    licence: NO_LICENCE,
};

const CIFAR_SOURCE: &str = "Learning Multiple Layers of Features from Tiny Images (Krizhevsky, 2009)";
const NO_LICENCE: &str = "none stated by its authors";

static MEDMNIST: [Known; 3] = [
    Known {
        name: "pathmnist",
        title: "PathMNIST",
        channels: 3,
        class_names: &[
            "adipose",
            "background",
            "debris",
            "lymphocytes",
            "mucus",
            "smooth muscle",
            "normal colon mucosa",
            "cancer-associated stroma",
            "colorectal adenocarcinoma epithelium",
        ],
        source: MEDMNIST_SOURCE,
        licence: MEDMNIST_LICENCE,
    },
    Known {
        name: "pneumoniamnist",
        title: "PneumoniaMNIST",
        channels: 1,
        class_names: &["normal", "pneumonia"],
        source: MEDMNIST_SOURCE,
        licence: MEDMNIST_LICENCE,
    },
    Known {
        name: "breastmnist",
        title: "BreastMNIST",
        channels: 1,
        class_names: &["malignant", "normal or benign"],
        source: MEDMNIST_SOURCE,
        licence: MEDMNIST_LICENCE,
    },
];

const MEDMNIST_SOURCE: &str = "MedMNIST v2 (Yang et al., 2023)";
const MEDMNIST_LICENCE: &str = "CC BY 4.0";

/// The MedMNIST set that a file's name begins with, as in "pathmnist.npz" or "pathmnist_64.npz".
pub(crate) fn medmnist(file: &str) -> Option<&'static Known> {
    let stem = stem(file).to_ascii_lowercase();
    MEDMNIST.iter().find(|known| {
        let rest = stem.strip_prefix(known.name);
        rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
    })
}

/// A file's name without folders and without what follows the first dot.
pub(crate) fn stem(file: &str) -> &str {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    name.split('.').next().filter(|s| !s.is_empty()).unwrap_or(name)
}

/// Names for classes that nobody named: one for each label up to the highest, at least two.
pub(crate) fn numbered_classes<'a>(splits: impl IntoIterator<Item = &'a Split>) -> Vec<String> {
    let labels = splits.into_iter().flat_map(Split::labels);
    let highest = labels.max().map_or(1, |&label| label.max(1));
    (0..=highest).map(|class| format!("class {class}")).collect()
}
