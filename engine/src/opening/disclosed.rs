//! What the two sides disclose about the server in their openings.

use super::first_payload::FirstPayload;
use super::shared_hello::{Hello, SharedHellos};
use crate::types::arrival::Arrival;
use crate::types::number48::Number48;
use crate::wire::certificate::Certificate;

/// What few flows have, so that the others need no room for it.
#[derive(Clone, Debug, Default)]
struct Rare {
    /// The server_name in a hello of which parts are missing.
    partial: Option<Box<str>>,
    /// The host in a request or a CONNECT.
    host: Option<Box<str>>,
    first_payload: Option<Box<FirstPayload>>,
    /// The latest packet has that payload, and a name was stated before it.
    is_named_before: bool,
    /// Number of the flow that disclosed all this, if that was another one of the same connection.
    continues: Option<u64>,
}

/// Names and other clues that were readable in a flow's opening.
#[derive(Clone, Debug, Default)]
pub struct Disclosed {
    pub(super) hello: Option<Hello>,
    rare: Option<Box<Rare>>,
    pub(super) certificate: Option<Box<Certificate>>,
    /// When the packet arrived that disclosed the latest of these, its number and interface; an `Arrival` has padding.
    arrived_ns: u64,
    arrived: Number48,
    interface: u16,
}

impl Disclosed {
    /// Nothing was disclosed.
    pub fn is_empty(&self) -> bool {
        self.hello.is_none() && self.rare.is_none() && self.certificate.is_none()
    }

    /// The ClientHello, once it is complete.
    pub fn hello(&self) -> Option<&Hello> {
        self.hello.as_ref()
    }

    /// The server_name that was sent, in a complete hello or in one of which parts are missing. Empty if the
    /// extension contains no name.
    pub fn sent_name(&self) -> Option<&str> {
        let complete = self.hello.as_ref().and_then(|hello| hello.server_name());
        complete.or_else(|| self.rare.as_ref()?.partial.as_deref())
    }

    /// The host that the client names in clear before or without TLS: in an HTTP request, or in a CONNECT.
    pub fn host(&self) -> Option<&str> {
        self.rare.as_ref()?.host.as_deref()
    }

    /// The server's certificate, where it is in clear and the client states no name.
    pub fn certificate(&self) -> Option<&Certificate> {
        self.certificate.as_deref()
    }

    /// The first payload of one side, if a signature matches it.
    pub fn first_payload(&self) -> Option<&FirstPayload> {
        self.rare.as_ref()?.first_payload.as_deref()
    }

    /// The client itself states a name.
    pub(super) fn states_a_name(&self) -> bool {
        self.sent_name().is_some_and(|name| !name.is_empty()) || self.host().is_some()
    }

    /// Adds the server_name in a hello of which parts are missing.
    pub(super) fn set_partial_name(&mut self, name: String) {
        self.rare.get_or_insert_default().partial = Some(name.into_boxed_str());
    }

    /// The names that were stated so far were not stated by the client.
    pub(super) fn forget_names(&mut self) {
        self.hello = None;
        if let Some(rare) = &mut self.rare {
            (rare.partial, rare.host, rare.is_named_before) = (None, None, false);
        }
    }

    /// Adds the host that the client names in clear.
    pub(super) fn set_host(&mut self, host: String) {
        self.rare.get_or_insert_default().host = Some(host.into_boxed_str());
    }

    /// Adds a first payload that a signature matches, and is true if it is kept: that of the `client`'s side, or
    /// the only one. A server can send anything.
    pub fn add_first_payload(&mut self, first: FirstPayload, client: usize) -> bool {
        let is_wanted = self.first_payload().is_none() || first.is_sent_by(client);
        if is_wanted {
            let is_named_before = self.states_a_name();
            let rare = self.rare.get_or_insert_default();
            (rare.first_payload, rare.is_named_before) = (Some(Box::new(first)), is_named_before);
        }
        is_wanted
    }

    /// Number of the flow that disclosed all this, if that was another one of the same connection.
    pub fn continues(&self) -> Option<u64> {
        self.rare.as_ref()?.continues
    }

    /// Notes that another flow of the connection disclosed all this.
    pub fn continue_from(&mut self, flow_id: u64) {
        self.rare.get_or_insert_default().continues = Some(flow_id);
    }

    /// Notes the packet that disclosed the latest clue. A first payload is none behind a name, which takes precedence.
    pub fn note_arrival(&mut self, arrival: Arrival) {
        if self.rare.as_mut().is_some_and(|rare| std::mem::take(&mut rare.is_named_before)) {
            return;
        }
        (self.arrived_ns, self.arrived) = (arrival.time_ns, arrival.number.into());
        self.interface = arrival.interface;
    }

    /// The packet that disclosed the latest clue.
    pub fn arrival(&self) -> Arrival {
        Arrival { time_ns: self.arrived_ns, interface: self.interface, number: self.arrived.into() }
    }

    /// Lets the hello share its content with equal hellos of other flows.
    pub fn share_hello(&mut self, hellos: &mut SharedHellos) {
        if let Some(hello) = &mut self.hello {
            hellos.share(hello);
        }
    }
}
