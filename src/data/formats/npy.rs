//! The head of a NumPy array file. Read here rather than by a library, because those that exist multiply the shape
//! without checking, recurse into nested literals, and weigh more than all the other readers together.

use super::bytes::ByteSource;
use crate::Result;

/// NumPy pads the few dozen bytes of a plain array's head to a multiple of 64.
const MAX_HEAD: u32 = 4096;

pub(super) struct NpyHead {
    pub shape: Vec<u64>,
}

/// Reads up to the first byte of the data. Only plain C-ordered arrays of unsigned bytes are taken.
pub(super) fn read(source: &mut ByteSource) -> Result<NpyHead> {
    let magic: [u8; 6] = source.array("a NumPy array's magic")?;
    if &magic != b"\x93NUMPY" {
        return Err(source.bad("a NumPy array", magic.escape_ascii().to_string()));
    }
    let version: [u8; 2] = source.array("version")?;
    let len = match version {
        [1, 0] => u16::from_le_bytes(source.array("head length")?).into(),
        [2 | 3, 0] => u32::from_le_bytes(source.array("head length")?),
        [major, minor] => return Err(source.bad("version 1.0, 2.0 or 3.0", format!("version {major}.{minor}"))),
    };
    if len > MAX_HEAD {
        return Err(source.bad(format!("a head of at most {MAX_HEAD} bytes"), len.to_string()));
    }
    let start = source.offset();
    let head = source.take(len.into(), "head")?;
    let text = String::from_utf8_lossy(&head);
    let bad = |expected: &str, found: &str| source.bad_at(start, expected, found.trim_end());
    let parsed = Literal(&text).dict().ok_or_else(|| bad("a plain array's head", &text))?;
    if parsed.descr != "|u1" {
        return Err(bad("unsigned bytes, '|u1'", parsed.descr));
    }
    if parsed.fortran_order {
        return Err(bad("an array in C order", "Fortran order"));
    }
    Ok(NpyHead { shape: parsed.shape })
}

struct Dict<'a> {
    descr: &'a str,
    fortran_order: bool,
    shape: Vec<u64>,
}

/// What is left of a Python literal. Every method takes what it names from the front, or gives `None`.
struct Literal<'a>(&'a str);

impl<'a> Literal<'a> {
    /// `{'descr': '|u1', 'fortran_order': False, 'shape': (5, 28, 28), }`, keys in any order, each once.
    fn dict(&mut self) -> Option<Dict<'a>> {
        let (mut descr, mut fortran_order, mut shape) = (None, None, None);
        self.token("{")?;
        while self.token("}").is_none() {
            let key = self.string()?;
            self.token(":")?;
            let repeated = match key {
                "descr" => descr.replace(self.string()?).is_some(),
                "fortran_order" => fortran_order.replace(self.boolean()?).is_some(),
                "shape" => shape.replace(self.tuple()?).is_some(),
                _ => true,
            };
            if repeated || (self.token(",").is_none() && !self.0.trim_start().starts_with('}')) {
                return None;
            }
        }
        let dict = Dict { descr: descr?, fortran_order: fortran_order?, shape: shape? };
        self.0.trim().is_empty().then_some(dict)
    }

    fn token(&mut self, token: &str) -> Option<()> {
        self.0 = self.0.trim_start().strip_prefix(token)?;
        Some(())
    }

    fn string(&mut self) -> Option<&'a str> {
        let text = self.0.trim_start();
        let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
        let (string, rest) = text[1..].split_once(quote)?;
        self.0 = rest;
        (!string.contains('\\')).then_some(string)
    }

    fn boolean(&mut self) -> Option<bool> {
        self.token("False").map(|()| false).or_else(|| self.token("True").map(|()| true))
    }

    fn tuple(&mut self) -> Option<Vec<u64>> {
        let mut items = Vec::new();
        self.token("(")?;
        while self.token(")").is_none() {
            let text = self.0.trim_start();
            let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
            items.push(text[..digits].parse().ok()?);
            self.0 = &text[digits..];
            if self.token(",").is_none() && !self.0.trim_start().starts_with(')') {
                return None;
            }
        }
        Some(items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape_of(text: &str) -> Option<Vec<u64>> {
        Literal(text).dict().map(|dict| dict.shape)
    }

    #[test]
    fn heads_as_numpy_writes_them() {
        let text = "{'descr': '|u1', 'fortran_order': False, 'shape': (5, 28, 28), }      \n";
        let dict = Literal(text).dict().unwrap();
        assert_eq!((dict.descr, dict.fortran_order, dict.shape), ("|u1", false, vec![5, 28, 28]));
        assert_eq!(shape_of("{\"shape\":(7,),'descr':'<f4','fortran_order':True}"), Some(vec![7]));
        assert_eq!(shape_of("{'shape': (), 'descr': '|u1', 'fortran_order': False}"), Some(vec![]));
    }

    #[test]
    fn other_heads_are_refused() {
        for text in [
            "",
            "{'descr': '|u1', 'fortran_order': False}",
            "{'descr': [('a', '|u1')], 'fortran_order': False, 'shape': (5,)}",
            "{'descr': '|u1', 'fortran_order': False, 'shape': (-5,)}",
            "{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999,)}",
            "{'descr': '|u1', 'fortran_order': False, 'shape': (5,), 'shape': (6,)}",
            "{'descr': '|u1', 'fortran_order': False, 'shape': (5,)} more",
            "{'descr': '|u1' 'fortran_order': False, 'shape': (5,)}",
        ] {
            assert_eq!(shape_of(text), None, "{text}");
        }
    }
}
