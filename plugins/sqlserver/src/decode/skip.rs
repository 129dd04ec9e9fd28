//! A row's size, and going past a row that is too large to be kept.

use super::{TIMESTAMP, chunks, is_null};
use crate::protocol::{Codec, Reader, Shape, Stop};

/// The size of a row, from after its tag on.
///
/// # Errors
/// If it hasn't come wholly.
#[inline]
pub fn size(bytes: &[u8], bitmap: bool, codecs: &[Codec]) -> Result<usize, Stop> {
    let mut reader = Reader::new(bytes);
    let nulls = if bitmap { reader.take(codecs.len().div_ceil(8))? } else { &[] };
    for (at, codec) in codecs.iter().enumerate() {
        if is_null(nulls, at) {
            continue;
        }
        if codec.shape == Shape::Chunks {
            skip_chunks(&mut reader)?;
        } else {
            let length = length(&mut reader, codec.shape)?;
            reader.take(length)?;
        }
    }
    Ok(reader.position())
}

/// How many bytes of a value follow its length.
#[inline]
fn length(reader: &mut Reader<'_>, shape: Shape) -> Result<usize, Stop> {
    Ok(match shape {
        Shape::Fixed(size) => size,
        Shape::Byte => usize::from(reader.u8()?),
        Shape::Short(_) => match reader.u16()? {
            0xFFFF => 0,
            length => usize::from(length),
        },
        Shape::Long => usize::try_from(reader.u32()?).unwrap_or(usize::MAX),
        Shape::Pointer => match reader.u8()? {
            0 => 0,
            pointer => {
                reader.take(usize::from(pointer).saturating_add(TIMESTAMP))?;
                usize::try_from(reader.u32()?).unwrap_or(usize::MAX)
            }
        },
        Shape::Chunks => 0,
    })
}

fn skip_chunks(reader: &mut Reader<'_>) -> Result<(), Stop> {
    if reader.u64()? == chunks::NULL {
        return Ok(());
    }
    loop {
        match reader.u32()? {
            0 => return Ok(()),
            length => reader.take(usize::try_from(length).unwrap_or(usize::MAX))?,
        };
    }
}

/// A row that is gone past as it comes.
#[derive(Debug)]
pub struct Skip {
    nulls: Vec<u8>,
    started: bool,
    column: usize,
    /// Bytes of a value or chunk yet to come.
    left: usize,
    /// Within a value in chunks.
    in_chunks: bool,
}

impl Skip {
    /// From after the row's tag on. `bitmap`: it has one.
    #[must_use]
    pub fn new(bitmap: bool) -> Self {
        Self { nulls: Vec::new(), started: !bitmap, column: 0, left: 0, in_chunks: false }
    }

    /// Goes on with what has come. Answers how many bytes were gone past, and whether the row has ended.
    ///
    /// # Errors
    /// If it makes no sense.
    pub fn advance(&mut self, bytes: &[u8], codecs: &[Codec]) -> (usize, bool) {
        let mut at = 0;
        if !self.started {
            let Some(nulls) = bytes.get(..codecs.len().div_ceil(8)) else { return (0, false) };
            self.nulls = nulls.to_vec();
            at = nulls.len();
            self.started = true;
        }
        loop {
            let here = bytes.get(at..).unwrap_or_default();
            let taken = self.left.min(here.len());
            at += taken;
            self.left -= taken;
            if self.left > 0 {
                return (at, false);
            }
            let mut reader = Reader::new(bytes.get(at..).unwrap_or_default());
            match self.step(&mut reader, codecs) {
                Ok(true) => at += reader.position(),
                Ok(false) => return (at, true),
                Err(_) => return (at, false),
            }
        }
    }

    /// Reads the next length. False: the row has ended.
    fn step(&mut self, reader: &mut Reader<'_>, codecs: &[Codec]) -> Result<bool, Stop> {
        if self.in_chunks {
            self.left = usize::try_from(reader.u32()?).unwrap_or(usize::MAX);
            if self.left == 0 {
                self.in_chunks = false;
                self.column += 1;
            }
            return Ok(true);
        }
        let Some(codec) = codecs.get(self.column) else { return Ok(false) };
        if is_null(&self.nulls, self.column) {
            self.column += 1;
        } else if codec.shape == Shape::Chunks {
            if reader.u64()? == chunks::NULL { self.column += 1 } else { self.in_chunks = true }
        } else {
            self.left = length(reader, codec.shape)?;
            self.column += 1;
        }
        Ok(true)
    }
}
