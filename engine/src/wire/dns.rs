//! DNS messages (RFC 1035, 6891, 9460), also as used by mDNS (RFC 6762) and LLMNR (RFC 4795).

use super::cursor::{Cursor, Short};
use super::dns_name::read_name;
use super::dns_rdata::read_rdata;
use super::{Malformed, Parse, Progress};
use crate::address::Address;

/// A DNS message: header, questions, and the answer section.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// Transaction number.
    pub id: u16,
    /// QR.
    pub response: bool,
    /// Kind of query.
    pub opcode: u8,
    /// Response code, without EDNS' upper bits.
    pub rcode: u8,
    /// TC.
    pub truncated: bool,
    /// The question section.
    pub questions: Vec<Question>,
    /// The answer section.
    pub answers: Vec<Answer>,
    /// The first error, if there is one: the entries are those before it, and none behind it. `short`
    /// may be the snap length's doing, all others are the message's own.
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

/// What a record says, as far as netmon cares.
#[derive(Debug, PartialEq, Eq)]
pub enum Data {
    /// A or AAAA.
    Address(Address),
    /// CNAME.
    Alias(String),
    /// SVCB or HTTPS (RFC 9460).
    Service(Box<Service>),
    /// Any other type.
    Other,
}

/// The data of an SVCB or HTTPS record.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Service {
    /// SvcPriority; 0 is alias mode.
    pub priority: u16,
    /// TargetName; ".": the owner name itself.
    pub target: String,
    /// ipv4hint and ipv6hint.
    pub hints: Vec<Address>,
    /// The alpn parameter.
    pub alpn: Vec<String>,
    /// The ech parameter, as sent.
    pub ech: Option<Vec<u8>>,
}

/// Parses one whole message: header, questions and answers. Authority and additional records are
/// not read. `NeedMore`: not even the header is there.
///
/// An error further on ends the reading, and is told as `damage` beside what stands before it: names
/// in front of an error are as good as any.
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
        rcode: lower & 0x0f,
        truncated: upper & 0x02 != 0,
        ..Message::default()
    };
    message.damage = read_sections(bytes, &mut cursor, count(0), count(2), &mut message).err();
    Ok(Progress::Parsed(message))
}

/// Reads entries into `message` up to the first error. The counts are only ever believed as far as
/// there are bytes: every entry takes some.
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
        // A sender that sets the upper bit means zero (RFC 2181, 8).
        let ttl_s = if ttl_s >> 31 == 0 { ttl_s } else { 0 };
        message.answers.push(Answer { name, rtype, ttl_s, data });
    }
    Ok(())
}

impl From<Short> for Malformed {
    fn from(_: Short) -> Self {
        Self("short")
    }
}
