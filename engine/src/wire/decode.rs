//! From the link layer to the innermost transport segment.

use super::{Rejection, Segment};

/// The innermost TCP or UDP segment of a packet of link type `link`.
#[inline]
pub fn decode(_link: u16, _bytes: &[u8], _wire_len: u32) -> Result<Segment<'_>, Rejection> {
    Err(Rejection::UnknownLink)
}
