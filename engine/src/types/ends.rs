//! The two ends of a flow, and which of them is the client.

use crate::address::Address;
use crate::types::flow_key::{FlowKey, TCP};

/// Address and port of both ends, and the side of the client.
#[derive(Clone, Copy, Debug)]
pub struct Ends {
    key: FlowKey,
    client: u8,
    oriented: bool,
}

impl Ends {
    /// The ends of a flow whose first packet came from `first_sender`; the client is a guess by the ports.
    pub fn new(key: FlowKey, first_sender: usize) -> Self {
        Self { key, client: 1 - key.likely_server(first_sender) as u8, oriented: false }
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
        self.client = (side & 1) as u8;
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

    /// Address and port of the server.
    pub fn server_end(&self) -> (Address, u16) {
        self.end(1 - self.client_side())
    }
}
