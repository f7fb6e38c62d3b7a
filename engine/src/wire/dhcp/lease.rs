//! What a message of DHCP says about a machine, for both versions of IP.

use crate::address::Address;

/// Who sent a message, as far as that matters.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Speaker {
    /// The machine, which says how it is called.
    Client,
    /// A server, which grants what the machine asked for.
    Server,
    /// Either, with a message that grants nothing: an offer, a refusal, a release.
    #[default]
    Other,
}

/// A machine, its name and its addresses. Only those that a server grants are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lease {
    /// Who says it.
    pub speaker: Speaker,
    /// The hardware address of the machine.
    pub mac: Option<[u8; 6]>,
    /// The granted addresses, and for how many seconds.
    pub addresses: Vec<(Address, u32)>,
    /// The name of the machine: lower case, without the final dot, escaped as in RFC 4343, 2.1.
    pub name: Option<String>,
}
