//! Recognises DNS by its shape, on ports that say nothing.

use super::dns_message::{parse_message, skip_record, Message};
use super::dns_name::read_name;
use super::dns_rdata::INTERNET;
use super::dns_type::is_known;
use crate::wire::bytes::cursor::Cursor;
use crate::wire::bytes::parse::{Malformed, Progress};

/// True for a datagram that is unmistakably a query: one question of class IN for a known type, at most two
/// additional records (OPT, a signature, padding), and no other bits or bytes set. At least 75 bits must match, so
/// random data on a port other than 53 is not taken for a query.
pub fn is_plain_query(bytes: &[u8]) -> bool {
    let [_, _, upper, lower, 0, 1, 0, 0, 0, 0, 0, records @ 0..=2, ..] = *bytes else { return false };
    let only_rd_ad_cd = upper & 0xfe == 0 && lower & 0xcf == 0;
    only_rd_ad_cd && ends_after_question(bytes, records)
}

/// True for bytes that may be the beginning of a plain query: as much of its header as there is.
pub fn may_be_plain_query(beginning: &[u8]) -> bool {
    const ALLOWED: [u8; 12] = [0xff, 0xff, 0x01, 0x30, 0, 1, 0, 0, 0, 0, 0, 3];
    const SET: [u8; 12] = [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    let may_be = |(at, &byte): (usize, &u8)| byte & !ALLOWED[at] == 0 && byte & SET[at] == SET[at];
    let records = beginning.get(11).copied().unwrap_or_default();
    records <= 2 && beginning.iter().take(12).enumerate().all(may_be)
}

fn ends_after_question(bytes: &[u8], records: u8) -> bool {
    let read = || {
        let mut cursor = Cursor::new(bytes);
        cursor.array::<12>()?;
        read_name(bytes, &mut cursor)?;
        let known = is_known(cursor.u16()?) && cursor.u16()? == INTERNET;
        for _ in 0..records {
            skip_record(&mut cursor)?;
        }
        Ok::<_, Malformed>(known && cursor.is_empty())
    };
    read().unwrap_or(false)
}

/// A standard query or the response to one, with one question of class IN, in which every record ends where it
/// should and nothing follows. Other data may look like it by chance (about 50 bits match), so it counts as DNS only if
/// the other direction has the message that belongs to it.
pub fn possible_message(bytes: &[u8]) -> Option<Message> {
    const MAX_RECORDS: u32 = 256;
    let [_, _, upper, lower, 0, 1, counts @ ..] = *bytes.first_chunk::<12>()? else { return None };
    let is_response = upper & 0x80 != 0;
    let records = counts.chunks_exact(2).map(|count| u32::from(u16::from_be_bytes([count[0], count[1]])));
    let records: u32 = records.sum();
    let is_standard = upper & 0x78 == 0 && lower & 0x40 == 0 && (is_response || lower & 0x0f == 0);
    if !is_standard || records > MAX_RECORDS || !ends_after_records(bytes, records) {
        return None;
    }
    match parse_message(bytes) {
        Ok(Progress::Parsed(message)) if message.damage.is_none() => {
            message.questions.first().is_some_and(|question| question.rclass == INTERNET).then_some(message)
        }
        _ => None,
    }
}

fn ends_after_records(bytes: &[u8], records: u32) -> bool {
    let read = || {
        let mut cursor = Cursor::new(bytes);
        cursor.array::<12>()?;
        read_name(bytes, &mut cursor)?;
        cursor.u32()?;
        for _ in 0..records {
            skip_record(&mut cursor)?;
        }
        Ok::<_, Malformed>(cursor.is_empty())
    };
    read().unwrap_or(false)
}
