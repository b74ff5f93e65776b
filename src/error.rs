//! One error type for the whole crate. Every kind has a stable [`Error::code`] that callers may match on, in Rust, in
//! the shell's exit codes and in the npm package.

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong, each with what a person needs to mend it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A dataset file is not what it should be.
    #[error("{file}: expected {expected}, found {found}{}", at(.offset))]
    BadDataset {
        /// The file's name as the caller gave it.
        file: String,
        /// Where in the (unpacked) file the trouble is, in bytes, if a place can be named.
        offset: Option<u64>,
        /// What a good file has there.
        expected: String,
        /// What this one has.
        found: String,
    },
    /// A model file is not what it should be.
    #[error("{file}: expected {expected}, found {found}")]
    BadModel {
        /// The file's name as the caller gave it.
        file: String,
        /// What a good file has.
        expected: String,
        /// What this one has.
        found: String,
    },
    /// A setting is out of its range, or does not fit the model or the data.
    #[error("{field}: expected {expected}, found {found}")]
    BadConfig {
        /// The setting's name.
        field: String,
        /// Its range.
        expected: String,
        /// What was given.
        found: String,
    },
    /// There is no WebGPU adapter that can run the networks.
    #[error("WebGPU cannot be used here: {reason}")]
    WebGpuUnavailable {
        /// Why not.
        reason: String,
    },
    /// The device stopped answering in the middle of the work.
    #[error("the {device} device was lost: {reason}")]
    DeviceLost {
        /// Which device.
        device: String,
        /// What it said last.
        reason: String,
    },
    /// The device has not enough memory.
    #[error("the {device} device is out of memory: {reason}")]
    OutOfMemory {
        /// Which device.
        device: String,
        /// What it said.
        reason: String,
    },
    /// A file's content does not fit into memory. This is found out before any memory is taken, so that everything goes on.
    #[error("{file}: {what} need {bytes} bytes, which do not fit into memory")]
    TooLarge {
        /// The file's name as the caller gave it.
        file: String,
        /// What does not fit.
        what: String,
        /// How much that is, as far as it is known.
        bytes: u64,
    },
    /// The caller cancelled.
    #[error("cancelled")]
    Cancelled,
    /// A file could not be read or written.
    #[error("{file}: {reason}")]
    Io {
        /// The file's name.
        file: String,
        /// The system's words.
        reason: String,
    },
    /// A call came in the wrong order, such as unlearning before a model is loaded.
    #[error("{0}")]
    BadState(String),
}

fn at(offset: &Option<u64>) -> String {
    offset.map(|o| format!(" (at byte {o})")).unwrap_or_default()
}

impl Error {
    /// A stable code for the kind of error, the same in every front end.
    pub fn code(&self) -> &'static str {
        match self {
            Error::BadDataset { .. } => "bad-dataset",
            Error::BadModel { .. } => "bad-model",
            Error::BadConfig { .. } => "bad-config",
            Error::WebGpuUnavailable { .. } => "webgpu-unavailable",
            Error::DeviceLost { .. } => "device-lost",
            Error::OutOfMemory { .. } | Error::TooLarge { .. } => "out-of-memory",
            Error::Cancelled => "cancelled",
            Error::Io { .. } => "io",
            Error::BadState(_) => "bad-state",
        }
    }

    /// Whether the device is gone with it, so that nothing more can be asked of what holds it.
    pub fn is_fatal(&self) -> bool {
        matches!(self, Error::DeviceLost { .. } | Error::OutOfMemory { .. })
    }

    /// A [`Error::BadDataset`] without a place.
    pub fn dataset(file: &str, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Error::BadDataset { file: file.into(), offset: None, expected: expected.into(), found: found.into() }
    }

    /// A [`Error::BadDataset`] at a byte offset.
    pub fn dataset_at(file: &str, offset: u64, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Error::BadDataset { file: file.into(), offset: Some(offset), expected: expected.into(), found: found.into() }
    }

    /// A [`Error::BadModel`].
    pub fn model(file: &str, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Error::BadModel { file: file.into(), expected: expected.into(), found: found.into() }
    }

    /// A [`Error::BadConfig`].
    pub fn config(field: &str, expected: impl Into<String>, found: impl ToString) -> Self {
        Error::BadConfig { field: field.into(), expected: expected.into(), found: found.to_string() }
    }

    /// A [`Error::Io`].
    pub fn io(file: impl std::fmt::Display, reason: impl std::fmt::Display) -> Self {
        Error::Io { file: file.to_string(), reason: reason.to_string() }
    }
}
