//! A bounds-checked reader over a byte slice.

/// The slice ends before the requested bytes. This is the only way in which a read can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Short;

/// Reads a slice front to back, in network byte order, never past its end. A failed read consumes nothing.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    /// A reader at the first of `bytes`.
    #[inline]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The bytes not read yet.
    #[inline]
    pub fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// True if all bytes have been read.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next `N` bytes.
    #[inline]
    pub fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], Short> {
        let (head, rest) = self.0.split_first_chunk().ok_or(Short)?;
        self.0 = rest;
        Ok(head)
    }

    /// The next `count` bytes.
    #[inline]
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], Short> {
        let (head, rest) = self.0.split_at_checked(count).ok_or(Short)?;
        self.0 = rest;
        Ok(head)
    }

    /// The next byte.
    #[inline]
    pub fn u8(&mut self) -> Result<u8, Short> {
        self.array::<1>().map(|bytes| bytes[0])
    }

    /// The next two bytes.
    #[inline]
    pub fn u16(&mut self) -> Result<u16, Short> {
        self.array().map(|bytes| u16::from_be_bytes(*bytes))
    }

    /// The next three bytes.
    #[inline]
    pub fn u24(&mut self) -> Result<u32, Short> {
        let [a, b, c] = *self.array()?;
        Ok(u32::from_be_bytes([0, a, b, c]))
    }

    /// The next four bytes.
    #[inline]
    pub fn u32(&mut self) -> Result<u32, Short> {
        self.array().map(|bytes| u32::from_be_bytes(*bytes))
    }

    /// A vector preceded by a length of one byte, as a reader of its own.
    #[inline]
    pub fn vector8(&mut self) -> Result<Cursor<'a>, Short> {
        let mut ahead = *self;
        let count = usize::from(ahead.u8()?);
        let inside = Cursor(ahead.take(count)?);
        *self = ahead;
        Ok(inside)
    }

    /// A vector preceded by a length of two bytes, as a reader of its own.
    #[inline]
    pub fn vector16(&mut self) -> Result<Cursor<'a>, Short> {
        let mut ahead = *self;
        let count = usize::from(ahead.u16()?);
        let inside = Cursor(ahead.take(count)?);
        *self = ahead;
        Ok(inside)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_network_order() {
        let mut cursor = Cursor::new(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        assert_eq!(cursor.u8(), Ok(0x01));
        assert_eq!(cursor.u16(), Ok(0x0203));
        assert_eq!(cursor.u24(), Ok(0x04_0506));
        assert_eq!(cursor.u32(), Ok(0x0708_090a));
        assert!(cursor.is_empty());
        assert_eq!(cursor.u8(), Err(Short));
    }

    #[test]
    fn a_failed_read_consumes_nothing() {
        let mut cursor = Cursor::new(&[0, 9, 1]);
        assert_eq!(cursor.u32(), Err(Short));
        assert_eq!(cursor.take(4), Err(Short));
        assert_eq!(cursor.vector16().map(|inside| inside.rest()), Err(Short));
        assert_eq!(cursor.rest(), [0, 9, 1]);
    }

    #[test]
    fn a_vector_has_the_length_that_precedes_it() {
        let mut cursor = Cursor::new(&[2, 7, 8, 0, 1, 9, 5]);
        assert_eq!(cursor.vector8().unwrap().rest(), [7, 8]);
        assert_eq!(cursor.vector16().unwrap().rest(), [9]);
        assert_eq!(cursor.rest(), [5]);
    }
}
