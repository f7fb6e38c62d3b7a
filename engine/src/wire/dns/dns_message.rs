//! DNS messages (RFC 1035, 6891, 9460), also as used by mDNS (RFC 6762) and LLMNR (RFC 4795).

use super::dns_name::read_name;
use super::dns_rdata::{read_rdata, Data};
use super::dns_type::OPT;
use crate::wire::bytes::cursor::{Cursor, Short};
use crate::wire::bytes::parse::{Malformed, Parse, Progress};

/// The opcode of a dynamic update.
const UPDATE: u8 = 5;

/// A DNS message: header, questions, and the answer section.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// Transaction ID.
    pub id: u16,
    /// QR.
    pub response: bool,
    /// OPCODE.
    pub opcode: u8,
    /// Response code, including the upper bits from an OPT record (RFC 6891, 6.1.3).
    pub rcode: u16,
    /// TC.
    pub truncated: bool,
    /// The question section.
    pub questions: Vec<Question>,
    /// The answer section. An UPDATE has none, but prerequisites in its place (RFC 2136, 2.4).
    pub answers: Vec<Answer>,
    /// The first error, if there is one; the sections hold the entries before it. `short` may be caused by
    /// the snap length, all other errors are in the message itself.
    pub damage: Option<Malformed>,
}

/// An entry of the question section. Names are lower case, without the final dot, and the root is ".";
/// bytes outside printable ASCII, dots inside a label and backslashes are escaped as in RFC 4343, 2.1
/// (`\ddd`, `\.`, `\\`).
#[derive(Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Question {
    pub name: String,
    pub rtype: u16,
    pub rclass: u16,
}

/// A record of the answer section.
#[derive(Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Answer {
    pub name: String,
    pub rtype: u16,
    pub ttl_s: u32,
    pub data: Data,
}

/// Parses one message: header, questions and answers. In the other sections only OPT is read. `NeedMore`: the
/// header is incomplete.
///
/// An error after the header ends the parsing and is reported in `damage`, next to the entries before it,
/// which are valid.
pub fn parse_message(bytes: &[u8]) -> Parse<Message> {
    let mut cursor = Cursor::new(bytes);
    let Ok(header) = cursor.array::<12>() else {
        return Ok(Progress::NeedMore);
    };
    let [id_high, id_low, upper, lower, counts @ ..] = *header;
    let count = |at: usize| u16::from_be_bytes([counts[at], counts[at + 1]]);
    let mut message = Message {
        id: u16::from_be_bytes([id_high, id_low]),
        response: upper & 0x80 != 0,
        opcode: upper >> 3 & 0x0f,
        rcode: u16::from(lower & 0x0f),
        truncated: upper & 0x02 != 0,
        ..Message::default()
    };
    message.damage = read_sections(bytes, &mut cursor, count(0), count(2), &mut message).err();
    if message.response && message.damage.is_none() && count(6) > 0 {
        let records = u32::from(count(4)) + u32::from(count(6));
        message.rcode |= upper_rcode(&mut cursor, records).unwrap_or_default() << 4;
    }
    Ok(Progress::Parsed(message))
}

/// The upper eight bits of the response code; None if there is no readable OPT record.
fn upper_rcode(cursor: &mut Cursor<'_>, records: u32) -> Option<u16> {
    for _ in 0..records {
        let (rtype, ttl_s) = skip_record(cursor).ok()?;
        if rtype == OPT {
            return Some((ttl_s >> 24) as u16);
        }
    }
    None
}

/// Skips a record; its type and TTL.
pub(super) fn skip_record(cursor: &mut Cursor<'_>) -> Result<(u16, u32), Short> {
    loop {
        let length = cursor.u8()?;
        if length > 0x3f {
            cursor.u8()?; // a pointer ends the name
            break;
        }
        cursor.take(usize::from(length))?;
        if length == 0 {
            break;
        }
    }
    let (rtype, _class, ttl_s) = (cursor.u16()?, cursor.u16()?, cursor.u32()?);
    cursor.vector16()?;
    Ok((rtype, ttl_s))
}

/// Reads entries into `message` up to the first error. Every entry consumes bytes, so false counts cost
/// nothing.
fn read_sections<'a>(
    bytes: &'a [u8],
    cursor: &mut Cursor<'a>,
    questions: u16,
    answers: u16,
    message: &mut Message,
) -> Result<(), Malformed> {
    for _ in 0..questions {
        let name = read_name(bytes, cursor)?;
        let (rtype, rclass) = (cursor.u16()?, cursor.u16()?);
        message.questions.push(Question { name, rtype, rclass });
    }
    for _ in 0..answers {
        let name = read_name(bytes, cursor)?;
        let (rtype, rclass, ttl_s) = (cursor.u16()?, cursor.u16()?, cursor.u32()?);
        let length = cursor.u16()?;
        let data = read_rdata(bytes, cursor, length, rtype, rclass)?;
        // A TTL with the most significant bit set counts as zero (RFC 2181, 8).
        let ttl_s = if ttl_s >> 31 == 0 { ttl_s } else { 0 };
        if message.opcode != UPDATE {
            message.answers.push(Answer { name, rtype, ttl_s, data });
        }
    }
    Ok(())
}
