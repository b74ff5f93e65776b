//! A careful reader: it knows where it is, so that errors can name the place, and how much can come at most, so that
//! nothing is allocated for bytes that cannot exist.

use std::io::Read;

use flate2::bufread::MultiGzDecoder;

use crate::{Error, Result};

/// No deflate stream unpacks to more than this many times its size.
const MAX_DEFLATE_RATIO: u64 = 1032;

/// The most that `packed` bytes of deflate can unpack to.
pub(super) fn deflate_bound(packed: u64) -> u64 {
    packed.saturating_mul(MAX_DEFLATE_RATIO)
}

pub(super) fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

pub(super) struct ByteSource<'a> {
    file: &'a str,
    reader: Box<dyn Read + 'a>,
    offset: u64,
    bound: u64,
    /// A byte that was looked at and not yet taken.
    ahead: Option<u8>,
}

impl<'a> ByteSource<'a> {
    /// Reads `reader`, which can give at most `bound` bytes.
    pub(super) fn new(file: &'a str, reader: impl Read + 'a, bound: u64) -> Self {
        Self { file, reader: Box::new(reader), offset: 0, bound, ahead: None }
    }

    /// Reads `bytes`, unpacking them where they are gzip.
    pub(super) fn plain_or_gzip(file: &'a str, bytes: &'a [u8]) -> Self {
        let len = bytes.len() as u64;
        if is_gzip(bytes) {
            Self::new(file, MultiGzDecoder::new(bytes), deflate_bound(len))
        } else {
            Self::new(file, bytes, len)
        }
    }

    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// An error at the place reached.
    pub(super) fn bad(&self, expected: impl Into<String>, found: impl Into<String>) -> Error {
        self.bad_at(self.offset, expected, found)
    }

    /// An error at another place.
    pub(super) fn bad_at(&self, offset: u64, expected: impl Into<String>, found: impl Into<String>) -> Error {
        Error::dataset_at(self.file, offset, expected, found)
    }

    /// The next `N` bytes.
    pub(super) fn array<const N: usize>(&mut self, what: &str) -> Result<[u8; N]> {
        let mut buffer = [0; N];
        self.fill(&mut buffer, what)?;
        Ok(buffer)
    }

    /// The next `len` bytes. `what` is what the error calls them where they are missing.
    pub(super) fn take(&mut self, len: u64, what: &str) -> Result<Vec<u8>> {
        let mut buffer = self.allocate(len, what)?;
        self.fill(&mut buffer, what)?;
        Ok(buffer)
    }

    /// `len` zeros, to be filled with `what` comes next; an error where that much cannot come any more.
    pub(super) fn allocate(&self, len: u64, what: &str) -> Result<Vec<u8>> {
        let left = self.bound.saturating_sub(self.offset);
        if len > left {
            return Err(self.bad(format!("{len} bytes of {what}"), format!("at most {left} bytes")));
        }
        let mut buffer = Vec::new();
        let fits = usize::try_from(len).ok().filter(|&len| buffer.try_reserve_exact(len).is_ok());
        let Some(len) = fits else {
            return Err(Error::TooLarge { file: self.file.into(), what: what.into(), bytes: len });
        };
        buffer.resize(len, 0);
        Ok(buffer)
    }

    /// Fills `buffer` with what comes next.
    pub(super) fn fill(&mut self, buffer: &mut [u8], what: &str) -> Result<()> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.read(&mut buffer[filled..])? {
                0 => {
                    let expected = format!("{} bytes of {what}", buffer.len());
                    return Err(self.bad(expected, format!("the end after {filled}")));
                }
                n => filled += n,
            }
        }
        Ok(())
    }

    /// The next `len` bytes, or all there are.
    pub(super) fn up_to(&mut self, len: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; len];
        let mut filled = 0;
        while filled < len {
            match self.read(&mut bytes[filled..])? {
                0 => break,
                n => filled += n,
            }
        }
        bytes.truncate(filled);
        Ok(bytes)
    }

    /// Everything that is left. Grows with what comes, so that a small file cannot ask for much.
    pub(super) fn rest(&mut self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut piece = vec![0; 1 << 16];
        loop {
            match self.read(&mut piece)? {
                0 => return Ok(bytes),
                n if bytes.try_reserve(n).is_ok() => bytes.extend_from_slice(&piece[..n]),
                n => {
                    let bytes = (bytes.len() + n) as u64;
                    return Err(Error::TooLarge { file: self.file.into(), what: "its first bytes".into(), bytes });
                }
            }
        }
    }

    /// Passes over `len` bytes.
    pub(super) fn pass(&mut self, mut len: u64, what: &str) -> Result<()> {
        let mut piece = [0; 1 << 12];
        while len > 0 {
            let now = len.min(piece.len() as u64);
            self.fill(&mut piece[..now as usize], what)?;
            len -= now;
        }
        Ok(())
    }

    /// Where the next byte is, if there is one.
    pub(super) fn more(&mut self) -> Result<Option<u64>> {
        if self.ahead.is_none() {
            let mut byte = [0];
            if self.read(&mut byte)? == 1 {
                self.offset -= 1;
                self.ahead = Some(byte[0]);
            }
        }
        Ok(self.ahead.map(|_| self.offset))
    }

    /// Makes sure that nothing follows; for packed data this is also where the checksum is compared.
    pub(super) fn end(&mut self) -> Result<()> {
        match self.read(&mut [0])? {
            0 => Ok(()),
            _ => Err(self.bad_at(self.offset - 1, "the end of the file", "more bytes")),
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        if let (Some(byte), Some(first)) = (self.ahead, buffer.first_mut()) {
            *first = byte;
            self.ahead = None;
            self.offset += 1;
            return Ok(1);
        }
        loop {
            match self.reader.read(buffer) {
                Ok(n) => {
                    self.offset += n as u64;
                    return Ok(n);
                }
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
                    return Err(self.bad("a whole file", "one that is cut short"));
                }
                Err(e) => return Err(self.bad("a sound file", e.to_string())),
            }
        }
    }
}
