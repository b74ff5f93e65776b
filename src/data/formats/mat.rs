//! As much of MATLAB's level 5 files as SVHN needs: arrays of small whole numbers, by name.

use flate2::read::ZlibDecoder;

use super::NamedBytes;
use super::bytes::{ByteSource, deflate_bound};
use crate::{Error, Result};

/// The text every file of this level begins with.
pub(super) const MAGIC: &[u8] = b"MATLAB 5.0 MAT-file";

const HEADER: u64 = 128;

/// What an element holds, as its tag says.
mod kind {
    pub const INT8: u32 = 1;
    pub const UINT8: u32 = 2;
    pub const INT32: u32 = 5;
    pub const UINT32: u32 = 6;
    pub const DOUBLE: u32 = 9;
    pub const MATRIX: u32 = 14;
    pub const COMPRESSED: u32 = 15;
}

/// An array of a file.
#[derive(Debug)]
pub(super) struct Array {
    /// The lengths of its sides.
    pub dimensions: Vec<usize>,
    /// Its values, the first side running fastest.
    pub values: Vec<u8>,
    /// Where in the file the variable begins.
    pub offset: u64,
}

/// The wanted arrays of a file.
#[derive(Debug)]
pub(super) struct Arrays<'a> {
    file: &'a str,
    end: u64,
    found: Vec<(&'a str, Array)>,
}

impl Arrays<'_> {
    /// The array of this name; the newest, where there are several.
    pub(super) fn take(&mut self, name: &str) -> Result<Array> {
        match self.found.iter().rposition(|(found, _)| *found == name) {
            Some(place) => Ok(self.found.swap_remove(place).1),
            None => {
                Err(Error::dataset_at(self.file, self.end, format!("an array called {name}"), "the end of the file"))
            }
        }
    }
}

/// Reads the arrays with these names; others are passed over.
pub(super) fn read<'a>(file: NamedBytes<'a>, names: &[&'a str]) -> Result<Arrays<'a>> {
    let mut source = ByteSource::plain_or_gzip(file.name, file.bytes);
    check_header(&mut source)?;
    let mut found = Vec::new();
    while let Some(offset) = source.more()? {
        let tag = Tag::read(&mut source)?;
        let variable = match tag.kind {
            kind::MATRIX => read_matrix(&mut source, tag.len, offset, names)?,
            kind::COMPRESSED => {
                let packed = source.take(tag.len, "a compressed variable")?;
                let label = format!("{} (unpacked from byte {offset})", file.name);
                let mut inner = ByteSource::new(&label, ZlibDecoder::new(&packed[..]), deflate_bound(tag.len));
                let tag = Tag::read(&mut inner)?;
                if tag.kind != kind::MATRIX {
                    return Err(source.bad_at(offset, "a compressed array", format!("kind {}", tag.kind)));
                }
                read_matrix(&mut inner, tag.len, offset, names)?
            }
            other => return Err(source.bad_at(offset, "an array, plain or compressed", format!("kind {other}"))),
        };
        found.extend(variable);
    }
    Ok(Arrays { file: file.name, end: source.offset(), found })
}

fn check_header(source: &mut ByteSource) -> Result<()> {
    let header: [u8; HEADER as usize] = source.array("a MATLAB header")?;
    if !header.starts_with(MAGIC) {
        let found = header[..MAGIC.len()].escape_ascii().to_string();
        return Err(source.bad_at(0, "a MATLAB 5.0 MAT-file (saved with -v7 or older)", found));
    }
    match &header[124..] {
        [0, 1, b'I', b'M'] => Ok(()),
        other => Err(source.bad_at(124, "version 1, little-endian", format!("bytes {}", other.escape_ascii()))),
    }
}

struct Tag {
    kind: u32,
    len: u64,
    /// The value itself, where it is so short that it stands in the tag.
    small: Option<Vec<u8>>,
}

impl Tag {
    fn read(source: &mut ByteSource) -> Result<Self> {
        let at = source.offset();
        let first = u32::from_le_bytes(source.array("a tag")?);
        let (kind, len) = (first & 0xffff, first >> 16);
        if len == 0 {
            let len = u32::from_le_bytes(source.array("a tag's length")?).into();
            return Ok(Self { kind: first, len, small: None });
        }
        let value: [u8; 4] = source.array("a short value")?;
        match value.get(..len as usize) {
            Some(value) => Ok(Self { kind, len: len.into(), small: Some(value.to_vec()) }),
            None => Err(source.bad_at(at, "a short value of at most 4 bytes", len.to_string())),
        }
    }

    /// The element's bytes; what pads them to a multiple of eight is passed over.
    fn value(self, source: &mut ByteSource, what: &str) -> Result<Vec<u8>> {
        if let Some(value) = self.small {
            return Ok(value);
        }
        let value = source.take(self.len, what)?;
        source.take(padding(self.len), "padding")?;
        Ok(value)
    }
}

fn padding(len: u64) -> u64 {
    len.next_multiple_of(8) - len
}

/// The array under its name; `None` for a variable that is not wanted.
fn read_matrix<'n>(
    source: &mut ByteSource,
    len: u64,
    offset: u64,
    names: &[&'n str],
) -> Result<Option<(&'n str, Array)>> {
    let end = source.offset().saturating_add(len);
    let flags = Tag::read(source)?.value(source, "array flags")?;
    let sides = whole_numbers(source, "the sides of an array")?;
    let name = Tag::read(source)?;
    if name.kind != kind::INT8 {
        return Err(source.bad("an array's name", format!("kind {}", name.kind)));
    }
    let name = name.value(source, "an array's name")?;
    let left = end.saturating_sub(source.offset());
    let Some(&name) = names.iter().find(|wanted| wanted.as_bytes() == name) else {
        source.pass(left, "a variable that is not wanted")?;
        return Ok(None);
    };
    // Bit 11 of the flags: a second, imaginary part follows.
    if flags.get(1).is_some_and(|flags| flags & 0x08 != 0) {
        return Err(source.bad_at(offset, format!("{name} of real numbers"), "complex ones"));
    }
    let expected = sides.iter().try_fold(1u64, |product, &side| product.checked_mul(side));
    let values = small_numbers(source, name)?;
    if expected != Some(values.len() as u64) {
        let expected = format!("{} values of {name}", sides.iter().map(u64::to_string).collect::<Vec<_>>().join(" × "));
        return Err(source.bad_at(offset, expected, values.len().to_string()));
    }
    if source.offset() != end {
        return Err(source.bad(format!("{name} to end at byte {end}"), format!("byte {}", source.offset())));
    }
    let dimensions = sides.iter().map(|&side| side as usize).collect();
    Ok(Some((name, Array { dimensions, values, offset })))
}

fn whole_numbers(source: &mut ByteSource, what: &str) -> Result<Vec<u64>> {
    let tag = Tag::read(source)?;
    if tag.kind != kind::INT32 || !tag.len.is_multiple_of(4) || tag.len > 4 * 32 {
        return Err(source.bad(format!("{what} as 32-bit numbers"), format!("{} bytes of kind {}", tag.len, tag.kind)));
    }
    let bytes = tag.value(source, what)?;
    let (numbers, _) = bytes.as_chunks::<4>();
    let negative = |&number: &i32| u64::try_from(number).map_err(|_| source.bad(what, format!("{number}")));
    numbers.iter().map(|&bytes| i32::from_le_bytes(bytes)).map(|number| negative(&number)).collect()
}

/// Values from 0 to 255, of whatever kind they are stored as: MATLAB stores whole numbers as small as they fit.
fn small_numbers(source: &mut ByteSource, name: &str) -> Result<Vec<u8>> {
    let tag = Tag::read(source)?;
    let kind = tag.kind;
    let bytes = tag.value(source, &format!("values of {name}"))?;
    let wide: Vec<f64> = match kind {
        kind::UINT8 => return Ok(bytes),
        kind::UINT32 => bytes.as_chunks::<4>().0.iter().map(|&b| u32::from_le_bytes(b).into()).collect(),
        kind::DOUBLE => bytes.as_chunks::<8>().0.iter().map(|&b| f64::from_le_bytes(b)).collect(),
        _ => return Err(source.bad(format!("{name} as unsigned bytes"), format!("values of kind {kind}"))),
    };
    let small = |value: &f64| (0.0..=255.0).contains(value) && value.fract() == 0.0;
    match wide.iter().find(|value| !small(value)) {
        Some(value) => Err(source.bad(format!("{name} of whole numbers from 0 to 255"), value.to_string())),
        None => Ok(wide.into_iter().map(|value| value as u8).collect()),
    }
}
