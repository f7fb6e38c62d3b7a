//! DNS messages (RFC 1035, 6891, 9460), also as used by mDNS (RFC 6762) and LLMNR (RFC 4795).

use super::{Malformed, Parse};
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
}

/// An entry of the question section. Names are lower case, without the final dot; bytes outside
/// printable ASCII, dots inside a label and backslashes are escaped as in RFC 4343 (`\ddd`, `\.`).
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
    Service {
        /// SvcPriority; 0 is alias mode.
        priority: u16,
        /// TargetName; empty: the owner name itself.
        target: String,
        /// ipv4hint and ipv6hint.
        hints: Vec<Address>,
        /// The alpn parameter.
        alpn: Vec<String>,
        /// The ech parameter, as sent.
        ech: Option<Vec<u8>>,
    },
    /// Any other type.
    Other,
}

/// Parses one whole message. A message cut short by the snap length: NeedMore.
pub fn parse_message(_bytes: &[u8]) -> Parse<Message> {
    Err(Malformed("header"))
}
