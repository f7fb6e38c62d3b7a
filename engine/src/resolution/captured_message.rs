//! A DNS message with where and when it was captured.

use crate::address::realm::Realm;
use crate::address::Address;
use crate::wire::dns::Message;

/// One DNS message, from which its record is made.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct CapturedMessage {
    pub time_ns: u64,
    pub interface: u16,
    pub realm: Realm,
    pub source: (Address, u16),
    pub destination: (Address, u16),
    pub kind: &'static str,
    pub is_tcp: bool,
    pub message: Message,
}
