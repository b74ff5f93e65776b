use crate::data::Augmentation;

/// What suits a dataset, in training and in unlearning, as plain numbers: the one place that tells datasets apart by name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Defaults {
    /// How many training samples of each class, from the first one on, are members; `None`: all.
    pub members_per_class: Option<usize>,
    /// How its networks are trained.
    pub training: TrainingDefaults,
    /// The authors' own values (method page, "Defaults in the authors' configuration").
    pub authors: AuthorsDefaults,
    /// Forget accuracy at which our strict preset stops, percent.
    pub strict_target: f64,
}

/// How the networks of a dataset are trained from scratch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrainingDefaults {
    /// Passes over the training samples.
    pub epochs: usize,
    /// Random changes to the images.
    pub augmentation: Augmentation,
}

/// Settings of PURGE that the authors chose for a dataset.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AuthorsDefaults {
    /// η
    pub learning_rate: f64,
    /// Passes over D_f.
    pub epochs: usize,
    /// λ
    pub representation_weight: f64,
    /// β
    pub kd_weight: f64,
    /// α
    pub retain_budget: f64,
}

const PLAIN: Defaults = Defaults {
    members_per_class: None,
    training: TrainingDefaults { epochs: 10, augmentation: Augmentation::NONE },
    authors: AuthorsDefaults {
        learning_rate: 2e-4,
        epochs: 12,
        representation_weight: 0.03,
        kd_weight: 3.0,
        retain_budget: 4.0,
    },
    strict_target: 0.9,
};

const OF_PHOTOS: Defaults =
    Defaults { training: TrainingDefaults { epochs: 30, augmentation: Augmentation::PHOTOS }, ..PLAIN };

static TABLE: [(&str, Defaults); 4] = [
    (
        "pathmnist",
        Defaults {
            members_per_class: Some(2000),
            training: TrainingDefaults { epochs: 16, augmentation: Augmentation::TISSUE },
            authors: AuthorsDefaults { kd_weight: 5.0, ..PLAIN.authors },
            strict_target: 4.0,
        },
    ),
    (
        "cifar10",
        Defaults {
            authors: AuthorsDefaults {
                learning_rate: 5e-4,
                epochs: 15,
                representation_weight: 0.05,
                kd_weight: 2.0,
                retain_budget: 5.0,
            },
            ..OF_PHOTOS
        },
    ),
    ("cifar100", OF_PHOTOS),
    ("stl10", OF_PHOTOS),
];

static FOR_OTHERS: Defaults = PLAIN;

/// What suits the dataset of this name, or what is usual where we do not know it.
pub fn defaults(dataset: &str) -> &'static Defaults {
    TABLE.iter().find(|(name, _)| *name == dataset).map_or(&FOR_OTHERS, |(_, defaults)| defaults)
}
