//! DNS messages (RFC 1035, 6891, 9460), also as used by mDNS (RFC 6762) and LLMNR (RFC 4795).

use super::cursor::{Cursor, Short};
use super::dns_name::read_name;
use super::dns_type::{A, AAAA, CNAME, HTTPS, SVCB};
use super::{Malformed, Parse, Progress};
use crate::address::Address;

/// Bytes of the header.
const HEADER: usize = 12;

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
    /// The first error, if there was one; what stands here came before it.
    pub damage: Option<Malformed>,
}

/// An entry of the question section. Names are as `dns_name::read_name` gives them.
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

/// Parses one whole message; NeedMore if not even its header is there. The first error ends the
/// parsing and is kept in `damage`. Counts that cannot be true end at the message's last byte.
pub fn parse_message(bytes: &[u8]) -> Parse<Message> {
    let mut header = Cursor::new(bytes);
    let Ok(fields) = header.take(HEADER) else {
        return Ok(Progress::NeedMore);
    };
    let field = |at: usize| u16::from_be_bytes([fields[at], fields[at + 1]]);
    let (flags, questions, answers) = (field(2), usize::from(field(4)), usize::from(field(6)));
    let mut message = Message {
        id: field(0),
        response: flags & 0x8000 != 0,
        opcode: (flags >> 11 & 15) as u8,
        rcode: (flags & 15) as u8,
        truncated: flags & 0x0200 != 0,
        ..Message::default()
    };
    message.damage = read_sections(bytes, questions, answers, &mut message).err();
    Ok(Progress::Parsed(message))
}

fn read_sections(
    bytes: &[u8],
    questions: usize,
    answers: usize,
    message: &mut Message,
) -> Result<(), Malformed> {
    let mut at = HEADER;
    for _ in 0..questions {
        let (name, end) = read_name(bytes, at)?;
        let mut cursor = Cursor::new(bytes.get(end..).unwrap_or_default());
        let (rtype, rclass) = (cursor.u16()?, cursor.u16()?);
        at = end + cursor.position();
        message.questions.push(Question { name, rtype, rclass });
    }
    for _ in 0..answers {
        let (name, end) = read_name(bytes, at)?;
        let mut cursor = Cursor::new(bytes.get(end..).unwrap_or_default());
        let (rtype, _class, ttl_s) = (cursor.u16()?, cursor.u16()?, cursor.u32()?);
        let length = usize::from(cursor.u16()?);
        let data_at = end + cursor.position();
        cursor.take(length)?;
        at = data_at + length;
        let data = read_data(bytes, rtype, data_at, at)?;
        message.answers.push(Answer { name, rtype, ttl_s, data });
    }
    Ok(())
}

/// Reads the data of a record, which stands at `from..to` of the message.
fn read_data(message: &[u8], rtype: u16, from: usize, to: usize) -> Result<Data, Malformed> {
    let bytes = message.get(from..to).ok_or(Malformed("rdata"))?;
    match rtype {
        A | AAAA => address(bytes).map(Data::Address),
        CNAME => {
            let (name, end) = read_name(message, from)?;
            if end == to {
                Ok(Data::Alias(name))
            } else {
                Err(Malformed("rdata"))
            }
        }
        SVCB | HTTPS => read_service(bytes).map(|service| Data::Service(Box::new(service))),
        _ => Ok(Data::Other),
    }
}

fn address(bytes: &[u8]) -> Result<Address, Malformed> {
    if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        return Ok(Address::v4(v4));
    }
    <[u8; 16]>::try_from(bytes).map(Address::v6).map_err(|_| Malformed("rdata"))
}

/// SvcPriority, TargetName (never compressed) and SvcParams (RFC 9460, 2.2, 14.3.2).
fn read_service(bytes: &[u8]) -> Result<Service, Malformed> {
    const ALPN: u16 = 1;
    const IPV4_HINT: u16 = 4;
    const ECH: u16 = 5;
    const IPV6_HINT: u16 = 6;
    let priority = Cursor::new(bytes).u16()?;
    let (target, end) = read_name(bytes, 2)?;
    let mut service = Service { priority, target, ..Service::default() };
    let mut parameters = Cursor::new(bytes.get(end..).unwrap_or_default());
    while !parameters.is_empty() {
        let key = parameters.u16()?;
        let mut value = parameters.block16()?;
        match key {
            ALPN => {
                while !value.is_empty() {
                    service.alpn.push(String::from_utf8_lossy(value.block8()?.rest()).into_owned());
                }
            }
            IPV4_HINT | IPV6_HINT => {
                let size = if key == IPV4_HINT { 4 } else { 16 };
                while !value.is_empty() {
                    service.hints.push(address(value.take(size)?)?);
                }
            }
            ECH => service.ech = Some(value.rest().to_vec()),
            _ => {}
        }
    }
    Ok(service)
}

impl From<Short> for Malformed {
    fn from(_: Short) -> Self {
        Self("short")
    }
}
