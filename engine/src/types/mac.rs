//! Hardware addresses of machines.

use crate::wire::Segment;
use std::fmt;

/// The address of one machine's network interface (EUI-48).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Mac([u8; 6]);

impl Mac {
    /// None for bytes that are no machine's: a group (IEEE 802, 8.2.2), or zeros, as on loopback.
    pub fn new(bytes: [u8; 6]) -> Option<Self> {
        const GROUP: u8 = 1;
        (bytes[0] & GROUP == 0 && bytes != [0; 6]).then_some(Self(bytes))
    }

    /// The sender of the frame around a segment.
    pub fn of_sender(segment: &Segment<'_>) -> Option<Self> {
        segment.mac.copied().and_then(Self::new)
    }
}

impl fmt::Display for Mac {
    /// As in RFC 7042, 2.1, which ECS follows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
        let mut text = [b'-'; 17];
        for (pair, octet) in text.chunks_mut(3).zip(self.0) {
            pair[0] = DIGITS[usize::from(octet >> 4)];
            pair[1] = DIGITS[usize::from(octet & 0x0f)];
        }
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_and_zeros_are_no_machine() {
        assert_eq!(Mac::new([2, 0, 0x5e, 0x10, 0xab, 9]).unwrap().to_string(), "02-00-5E-10-AB-09");
        assert_eq!([[0; 6], [0xff; 6], [1, 0, 0x5e, 0, 0, 1]].map(Mac::new), [None; 3]);
    }
}
