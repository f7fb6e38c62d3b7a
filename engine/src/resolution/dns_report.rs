//! The report on one DNS message.

use crate::address::Address;
use crate::wire::dns::Message;

/// One DNS message as seen on the wire.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct DnsReport {
    pub time_ns: u64,
    pub source: (Address, u16),
    pub destination: (Address, u16),
    pub kind: &'static str,
    pub is_tcp: bool,
    pub message: Message,
}
