//! Where a DNS message may begin in a TCP stream.

use crate::wire::{dns, Progress};

/// Bytes of a message's length.
pub(super) const PREFIX: usize = 2;
/// Bytes of a message's header.
pub(super) const HEADER: usize = 12;

/// The length of a message, and the bytes after it.
pub(super) fn split_length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (prefix, behind) = bytes.split_first_chunk::<PREFIX>()?;
    Some((usize::from(u16::from_be_bytes(*prefix)), behind))
}

/// Where in a segment a message may begin: at the segment's first byte, as is usual, or where a complete message
/// ends with the segment.
pub(super) fn find_beginning(bytes: &[u8]) -> Option<usize> {
    let fits = |at: usize| match split_length(&bytes[at..]) {
        Some((length, behind)) => {
            let available = &behind[..length.min(behind.len())];
            let is_last = behind.len() == length;
            length >= HEADER
                && ((at == 0 && available.len() < HEADER)
                    || ((at == 0 || is_last)
                        && has_likely_header(available, length)
                        && is_sound(available, length)))
        }
        None => at == 0,
    };
    (0..bytes.len().saturating_sub(HEADER).max(1)).find(|&at| fits(at))
}

/// Whether a message of `length` bytes has a header as DNS servers and clients send it: a known opcode, the reserved
/// bit zero, and no more records than there is room for.
pub(super) fn has_likely_header(available: &[u8], length: usize) -> bool {
    const SHORTEST_QUESTION: usize = 5;
    const SHORTEST_RECORD: usize = 11;
    let Some((header, _)) = available.split_first_chunk::<HEADER>() else { return false };
    let count = |at: usize| usize::from(u16::from_be_bytes([header[at], header[at + 1]]));
    let records = count(6) + count(8) + count(10);
    let opcode = header[2] >> 3 & 0x0f;
    opcode <= 6
        && header[3] & 0x40 == 0
        && count(4) <= 1
        && count(4) + records > 0
        && HEADER + count(4) * SHORTEST_QUESTION + records * SHORTEST_RECORD <= length
}

/// Whether the captured part of a message is free of errors. Of an incomplete one only the beginning is checked,
/// because it is checked again with every segment.
pub(super) fn is_sound(available: &[u8], length: usize) -> bool {
    const CHECKED: usize = 512;
    let available =
        if available.len() < length { &available[..available.len().min(CHECKED)] } else { available };
    match dns::parse_message(available) {
        Ok(Progress::Parsed(message)) => match message.damage {
            None => true,
            Some(damage) => damage.0 == "short" && available.len() < length,
        },
        Ok(Progress::NeedMore) | Err(_) => false,
    }
}
