//! MedMNIST's archives: a zip of NumPy arrays, `train_images.npy`, `train_labels.npy` and so on for val and test.

use std::io::Cursor;

use zip::{CompressionMethod, ZipArchive};

use super::bytes::{ByteSource, deflate_bound};
use super::npy;
use crate::data::dataset::ALL_MEMBERS;
use crate::data::known::{self, numbered_classes, stem};
use crate::data::{Dataset, ImageShape, Normalisation, Split};
use crate::{Error, Result};

/// Reads any grey or RGB 2-D set with one label a sample. The file's name tells which set it is: PathMNIST,
/// PneumoniaMNIST and BreastMNIST get the names of their classes, in others the classes are numbered.
pub fn read(file: &str, bytes: &[u8]) -> Result<Dataset> {
    let mut archive = Archive::open(file, bytes)?;
    let train = archive.split("train")?;
    let val = archive.split("val")?;
    let test = archive.split("test")?;
    let shape = train.shape();

    let known = known::medmnist(file);
    if let Some(known) = known.filter(|k| k.channels != shape.channels) {
        let expected = format!("{} with images of {} channels", known.title, known.channels);
        return Err(Error::dataset(file, expected, format!("{}", shape.channels)));
    }
    let name = known.map_or(stem(file), |k| k.name);
    Dataset {
        name: name.into(),
        title: known.map_or(name, |k| k.title).into(),
        class_names: known.map_or_else(|| numbered_classes([&train, &val, &test]), |k| k.class_names()),
        shape,
        normalisation: Normalisation::of(&train),
        train,
        val: Some(val),
        test,
        members: ALL_MEMBERS.into(),
        source: known.map(|k| k.source.into()),
        licence: known.map(|k| k.licence.into()),
    }
    .checked(file)
}

struct Archive<'a> {
    file: &'a str,
    len: u64,
    zip: ZipArchive<Cursor<&'a [u8]>>,
}

impl<'a> Archive<'a> {
    fn open(file: &'a str, bytes: &'a [u8]) -> Result<Self> {
        let bad = |found: String| Error::dataset(file, "a whole MedMNIST archive (.npz)", found);
        if !ends_with_its_directory(bytes) {
            return Err(bad("no zip, or one that is cut short or has other bytes around it".into()));
        }
        let zip = ZipArchive::new(Cursor::new(bytes)).map_err(|e| bad(e.to_string()))?;
        Ok(Self { file, len: bytes.len() as u64, zip })
    }

    /// Runs `read` over an array of the archive, up to its very end.
    fn array<T>(&mut self, name: &str, read: impl FnOnce(&mut ByteSource, &[u64]) -> Result<T>) -> Result<T> {
        let entry = self.zip.by_name(name).map_err(|e| Error::dataset(self.file, name, e.to_string()))?;
        let packed = entry.compressed_size().min(self.len);
        let bound = match entry.compression() {
            CompressionMethod::Stored => packed,
            CompressionMethod::Deflated => deflate_bound(packed),
            other => return Err(Error::dataset(self.file, format!("{name}, stored or deflated"), format!("{other}"))),
        };
        let label = format!("{}:{name}", self.file);
        let bound = bound.min(entry.size());
        let mut source = ByteSource::new(&label, entry, bound);
        let head = npy::read(&mut source)?;
        let value = read(&mut source, &head.shape)?;
        source.end()?;
        Ok(value)
    }

    fn split(&mut self, name: &str) -> Result<Split> {
        let (shape, pixels) = self.array(&format!("{name}_images.npy"), read_images)?;
        let count = pixels.len() / shape.image_len();
        let labels = self.array(&format!("{name}_labels.npy"), |source, shape| read_labels(source, shape, count))?;
        Split::new(self.file, shape, pixels, labels)
    }
}

/// Whether the file ends as NumPy ends one: with the zip's directory, a few entries long, and no comment. The zip library
/// would search for it, put up with foreign bytes, and reserve room for as many entries as the file claims.
fn ends_with_its_directory(bytes: &[u8]) -> bool {
    let Some((before, &[b'P', b'K', 5, 6, _, _, _, _, _, _, e0, e1, s0, s1, s2, s3, o0, o1, o2, o3, 0, 0])) =
        bytes.split_last_chunk()
    else {
        return false;
    };
    let entries = u16::from_le_bytes([e0, e1]);
    let (size, offset) = (u32::from_le_bytes([s0, s1, s2, s3]), u32::from_le_bytes([o0, o1, o2, o3]));
    bytes.starts_with(b"PK") && entries <= 1000 && u64::from(offset) + u64::from(size) == before.len() as u64
}

/// [N, H, W] or [N, H, W, 3] in the file, N,C,H,W in memory.
fn read_images(source: &mut ByteSource, shape: &[u64]) -> Result<(ImageShape, Vec<u8>)> {
    let known = match *shape {
        [n, h, w] => ImageShape::new(1, h, w).map(|shape| (n, shape)),
        [n, h, w, 3] => ImageShape::new(3, h, w).map(|shape| (n, shape)),
        _ => None,
    };
    let expected = "grey or RGB images, of shape [N, H, W] or [N, H, W, 3] with sides of at most 4096";
    let (count, image) = known.ok_or_else(|| source.bad(expected, format!("shape {shape:?}")))?;
    let len = count.checked_mul(image.image_len() as u64);
    let len = len.ok_or_else(|| source.bad("a possible number of images", count.to_string()))?;
    let mut pixels = source.allocate(len, "pixels")?;
    if image.channels == 1 {
        source.fill(&mut pixels, "pixels")?;
    } else {
        // One image at a time: the largest sets leave no memory for a second copy.
        let mut interleaved = vec![0; image.image_len().min(pixels.len())];
        let plane = image.height * image.width;
        for planar in pixels.chunks_exact_mut(image.image_len()) {
            source.fill(&mut interleaved, "pixels")?;
            for (i, pixel) in interleaved.chunks_exact(image.channels).enumerate() {
                for (channel, &value) in pixel.iter().enumerate() {
                    planar[channel * plane + i] = value;
                }
            }
        }
    }
    Ok((image, pixels))
}

fn read_labels(source: &mut ByteSource, shape: &[u64], count: usize) -> Result<Vec<u16>> {
    match *shape {
        [n] | [n, 1] if n == count as u64 => {}
        [_, width] if width != 1 => {
            let found = format!("shape {shape:?}: a multi-label set, in which no sample has just one class to forget");
            return Err(source.bad("one label a sample, of shape [N, 1]", found));
        }
        _ => return Err(source.bad(format!("{count} labels, of shape [{count}, 1]"), format!("shape {shape:?}"))),
    }
    let labels = source.take(count as u64, "labels")?;
    Ok(labels.into_iter().map(u16::from).collect())
}
