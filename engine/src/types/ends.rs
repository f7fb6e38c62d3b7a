//! The two ends of a flow, and which of them is the client.

use crate::address::realm_host::Host;
use crate::address::Address;
use crate::types::flow_key::{FlowKey, TCP};

/// Address and port of both ends, the side of the client, and where what it sends arrives.
#[derive(Clone, Copy, Debug)]
pub struct Ends {
    key: FlowKey,
    client: u8,
    oriented: bool,
    /// The IPv4 address embedded in the server's; bytes take less space than an address.
    embedded: Option<[u8; 4]>,
}

impl Ends {
    /// The ends of a flow whose first packet came from `first_sender`; the client is a guess by the ports.
    pub fn new(key: FlowKey, first_sender: usize) -> Self {
        let client = 1 - key.likely_server(first_sender) as u8;
        Self { key, client, oriented: false, embedded: None }
    }

    /// The key of the flow.
    #[inline]
    pub fn key(&self) -> &FlowKey {
        &self.key
    }

    /// The flow is a TCP connection; otherwise it consists of datagrams.
    #[inline]
    pub fn is_tcp(&self) -> bool {
        self.key.protocol == TCP
    }

    /// One of the two ports is `port`.
    #[inline]
    pub fn has_port(&self, port: u16) -> bool {
        self.key.has_port(port)
    }

    /// Makes `side` the client, because it sent a SYN or a hello.
    pub fn orient(&mut self, side: usize) {
        let client = (side & 1) as u8;
        if client != self.client {
            self.embedded = None;
        }
        self.client = client;
        self.oriented = true;
    }

    /// Makes `side` the client unless the client is known already.
    pub fn orient_if_unknown(&mut self, side: usize) {
        if !self.oriented {
            self.orient(side);
        }
    }

    /// Index of the client's side.
    pub fn client_side(&self) -> usize {
        usize::from(self.client & 1)
    }

    /// Address and port of a side.
    pub fn end(&self, side: usize) -> (Address, u16) {
        (self.key.addresses[side & 1], self.key.ports[side & 1])
    }

    /// Address and port of the client.
    pub fn client_end(&self) -> (Address, u16) {
        self.end(self.client_side())
    }

    /// The client.
    pub fn client(&self) -> Host {
        self.key.host(self.client_side())
    }

    /// Notes the IPv4 address embedded in the server's address, if there is one.
    pub fn set_embedded(&mut self, ipv4: Option<Address>) {
        self.embedded = ipv4.map(|ipv4| (ipv4.0 as u32).to_be_bytes());
    }

    /// The IPv4 address embedded in the server's address.
    pub fn embedded(&self) -> Option<Address> {
        self.embedded.map(Address::v4)
    }

    /// Where what the client sends arrives: the embedded IPv4 address, or else the server's own.
    pub fn destination(&self) -> Address {
        self.embedded().unwrap_or_else(|| self.server_end().0)
    }

    /// Address and port of the server.
    pub fn server_end(&self) -> (Address, u16) {
        self.end(1 - self.client_side())
    }
}
