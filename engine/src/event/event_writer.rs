//! Writes events to a text, and tells them apart.

use super::event_cells::EventValue;
use super::json_text::JsonText;
use super::signer::{Signer, ECS_VERSION};
use super::time_text::write_time;
use ring::digest::Context;

/// How the client of a flow or of a look-up is shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ClientsShown {
    /// By its address, and by what identifies its machine.
    ByAddress,
    /// By this text, or not at all.
    As(Option<String>),
}

/// Writes the events of one run. The same records give the same bytes.
pub struct EventWriter {
    pub(super) signer: Signer,
    /// What the identifiers of flows and of DNS messages begin with.
    pub(super) flows: Context,
    pub(super) messages: Context,
    /// DNS messages so far, which tells them apart.
    pub(super) message: u64,
    /// Also the reports between a flow's start and its end.
    pub(super) with_updates: bool,
}

impl EventWriter {
    /// `with_updates`: also the reports between a flow's start and its end.
    pub fn new(signer: Signer, with_updates: bool) -> Self {
        let (flows, messages) = (signer.begin("netmon.flow"), signer.begin("netmon.dns"));
        Self { signer, flows, messages, message: 0, with_updates }
    }
}

/// Begins an event: its time, and the object `event`.
pub(super) fn begin_event(json: &mut JsonText, time_ns: u64) {
    json.open();
    time_field(json, "@timestamp", time_ns);
    json.open_field("ecs");
    json.text_field("version", ECS_VERSION);
    json.close();
    json.open_field("event");
}

/// A field with a time.
pub(super) fn time_field(json: &mut JsonText, key: &str, time_ns: u64) {
    json.key(key);
    json.text.push('"');
    write_time(&mut json.text, time_ns.into());
    json.text.push('"');
}

/// The VLANs by which a flow or the client of a look-up is told apart.
pub(super) fn vlan_fields(json: &mut JsonText, outer: &EventValue<'_>, inner: &EventValue<'_>) {
    let vlan = |json: &mut JsonText, id: u64| {
        json.open_field("vlan");
        json.text_field("id", &id.to_string());
        json.close();
    };
    if outer.is_true() {
        vlan(json, outer.number());
    }
    if inner.is_true() {
        json.open_field("inner");
        vlan(json, inner.number());
        json.close();
    }
}

/// The end of a flow or of a message at which the client is; empty if it is not shown.
pub(super) fn client_fields(
    json: &mut JsonText,
    shown: &ClientsShown,
    address: &EventValue<'_>,
    port: &EventValue<'_>,
) {
    match shown {
        ClientsShown::ByAddress => {
            json.field("ip", address);
            json.field("port", port);
        }
        ClientsShown::As(Some(text)) => {
            json.text_field("address", text);
            json.field("port", port);
        }
        ClientsShown::As(None) => {}
    }
}
