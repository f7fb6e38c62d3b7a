//! A bounds-checked reader over a byte slice: every over-read is the same outcome, `Short`.

/// The bytes end before what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Short;

/// A position in a byte slice.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// At the beginning of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Offset from the beginning.
    pub fn position(&self) -> usize {
        self.at
    }

    /// What is left.
    pub fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }

    /// True at the end.
    pub fn is_empty(&self) -> bool {
        self.at == self.bytes.len()
    }

    /// The next `length` bytes.
    pub fn take(&mut self, length: usize) -> Result<&'a [u8], Short> {
        let taken = self.rest().get(..length).ok_or(Short)?;
        self.at += length;
        Ok(taken)
    }

    /// The next byte.
    pub fn u8(&mut self) -> Result<u8, Short> {
        self.take(1).map(|b| b[0])
    }

    /// The next two bytes, big-endian.
    pub fn u16(&mut self) -> Result<u16, Short> {
        self.take(2).map(|b| u16::from_be_bytes([b[0], b[1]]))
    }

    /// The next three bytes, big-endian.
    pub fn u24(&mut self) -> Result<u32, Short> {
        self.take(3).map(|b| u32::from_be_bytes([0, b[0], b[1], b[2]]))
    }

    /// The next four bytes, big-endian.
    pub fn u32(&mut self) -> Result<u32, Short> {
        self.take(4).map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]))
    }

    /// A cursor over a block that a one-byte length precedes.
    pub fn block8(&mut self) -> Result<Cursor<'a>, Short> {
        let length = self.u8()?;
        self.take(usize::from(length)).map(Cursor::new)
    }

    /// A cursor over a block that a two-byte length precedes.
    pub fn block16(&mut self) -> Result<Cursor<'a>, Short> {
        let length = self.u16()?;
        self.take(usize::from(length)).map(Cursor::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_past_the_end_moves_nothing() {
        let mut cursor = Cursor::new(&[1, 2, 3]);
        assert_eq!(cursor.u16(), Ok(0x0102));
        assert_eq!(cursor.u16(), Err(Short));
        assert_eq!(cursor.rest(), [3]);
        assert_eq!(cursor.u8(), Ok(3));
        assert!(cursor.is_empty());
    }

    #[test]
    fn a_block_ends_where_its_length_says() {
        let mut cursor = Cursor::new(&[0, 2, 7, 8, 9]);
        let mut block = cursor.block16().unwrap();
        assert_eq!(block.u16(), Ok(0x0708));
        assert_eq!(block.u8(), Err(Short));
        assert_eq!(cursor.rest(), [9]);
    }
}
