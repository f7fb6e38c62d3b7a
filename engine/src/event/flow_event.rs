//! The event of a report on a flow.

use super::community_id::write_community_id;
use super::digits::write_number;
use super::event_cells::EventValue;
use super::event_writer::{begin_event, client_fields, time_field, vlan_fields, ClientsShown, EventWriter};
use super::json_text::JsonText;
use super::signer::identifier;
use super::time_text::write_milliseconds;
use crate::report::flow_record::FlowCells;
use crate::types::protocol::Protocol;

type Cells<'a> = FlowCells<EventValue<'a>>;

/// What Python knows about a flow. Parts of an object are fields in JSON, without its braces.
#[derive(Default)]
pub struct Meaning<'a> {
    /// It is a finding of at least a warning.
    pub is_alert: bool,
    /// The number of its severity.
    pub severity: Option<u64>,
    /// Where the server is: an object.
    pub geo: &'a str,
    /// The vendor and its component: parts of an object.
    pub vendor: &'a str,
    /// File and line of the signature.
    pub signature: Option<&'a str>,
    /// The public resolver that is queried.
    pub resolver: Option<&'a str>,
    /// The vendors whose products fall back to it: parts of an object.
    pub fallback: &'a str,
    /// The verdict, and the place with its evidence: parts of an object.
    pub judgement: &'a str,
}

impl EventWriter {
    /// Writes a line for a report on a flow; nothing for one that is not wanted.
    pub fn flow(
        &mut self,
        json: &mut JsonText,
        flow: &Cells<'_>,
        meaning: &Meaning<'_>,
        shown: &ClientsShown,
    ) {
        let phase = flow.phase.text();
        if phase == "update" && !self.with_updates {
            return;
        }
        let last_ns = flow.last_ns.number();
        begin_event(json, last_ns);
        let mut what = String::with_capacity(64);
        write_number(&mut what, flow.flow_id.number());
        what.push('\n');
        what.push_str(phase);
        what.push('\n');
        write_number(&mut what, last_ns);
        identifier(json, &self.flows, &what);
        kind(json, flow, meaning);
        json.close();
        self.signer.observer(json, &flow.interface);
        network(json, flow, shown);
        ends(json, flow, meaning, shown);
        tls(json, flow);
        json.open_field("netmon");
        self.signer.run(json);
        withheld(json, flow, shown);
        identity(json, flow, meaning);
        evidence(json, flow, shown);
        measured(json, flow, meaning);
        json.parts(meaning.judgement);
        json.close();
        json.text.push_str("}\n");
    }
}

/// The rest of the object `event`.
fn kind(json: &mut JsonText, flow: &Cells<'_>, meaning: &Meaning<'_>) {
    json.text_field("kind", if meaning.is_alert { "alert" } else { "event" });
    if let Some(severity) = meaning.severity {
        json.number_field("severity", severity);
    }
    let (start_ns, last_ns) = (flow.start_ns.number(), flow.last_ns.number());
    let (occasion, is_over) = match flow.phase.text() {
        "open" => ("start", false),
        "update" => ("info", false),
        _ => ("end", true),
    };
    json.parts(r#""category":["network"],"type":["connection""#);
    json.text.push(',');
    json.quoted(occasion);
    json.close_list();
    json.text_field("dataset", "netmon.flow");
    time_field(json, "start", start_ns);
    if is_over {
        time_field(json, "end", last_ns);
        json.key("duration");
        if last_ns < start_ns {
            json.text.push('-'); // a clock was set back
        }
        json.number(last_ns.abs_diff(start_ns));
    }
}

fn network(json: &mut JsonText, flow: &Cells<'_>, shown: &ClientsShown) {
    let protocol = if flow.transport.text() == "tcp" { Protocol::Tcp } else { Protocol::Udp };
    let (client, server) = (flow.client.address(), flow.server.address());
    json.open_field("network");
    json.field("transport", &flow.transport);
    let is_v4 = server.is_some_and(|address| address.is_v4());
    json.text_field("type", if is_v4 { "ipv4" } else { "ipv6" });
    json.number_field("bytes", flow.sent_bytes.number().saturating_add(flow.received_bytes.number()));
    json.number_field("packets", flow.sent_packets.number().saturating_add(flow.received_packets.number()));
    vlan_fields(json, &flow.vlan, &flow.inner_vlan);
    // The client's address can be derived from the identifier, so both are shown or neither.
    if let (ClientsShown::ByAddress, Some(client), Some(server)) = (shown, client, server) {
        let ports = [&flow.client_port, &flow.server_port].map(|port| port.number() as u16);
        json.key("community_id");
        json.text.push('"');
        write_community_id(&mut json.text, protocol, (client, ports[0]), (server, ports[1]));
        json.text.push('"');
    }
    json.close();
}

fn ends(json: &mut JsonText, flow: &Cells<'_>, meaning: &Meaning<'_>, shown: &ClientsShown) {
    json.open_field("source");
    client_fields(json, shown, &flow.client, &flow.client_port);
    if *shown == ClientsShown::ByAddress {
        // The client's machine identifies its user as an address does.
        json.field("mac", &flow.client_mac);
        json.field("domain", &flow.client_host);
    }
    json.field("bytes", &flow.sent_bytes);
    json.field("packets", &flow.sent_packets);
    json.close();
    json.open_field("destination");
    json.field("ip", &flow.server);
    json.field("port", &flow.server_port);
    json.field("bytes", &flow.received_bytes);
    json.field("packets", &flow.received_packets);
    json.field("domain", &flow.name);
    if !meaning.geo.is_empty() {
        json.key("geo");
        json.text += meaning.geo;
    }
    json.close();
}

fn tls(json: &mut JsonText, flow: &Cells<'_>) {
    let has_name = flow.server_name.is_true();
    let has_certificate = flow.certificate_issuer.is_present();
    if !has_name && !has_certificate {
        return;
    }
    json.open_field("tls");
    if has_name {
        json.open_field("client");
        json.field("server_name", &flow.server_name);
        json.close();
    }
    if has_certificate {
        json.open_field("server");
        json.open_field("x509");
        if flow.certificate_subject.is_true() {
            json.open_field("subject");
            json.open_list("common_name");
            json.quoted(flow.certificate_subject.text());
            json.close_list();
            json.close();
        }
        json.open_field("issuer");
        json.field("distinguished_name", &flow.certificate_issuer);
        json.close();
        json.true_field("alternative_names", &flow.certificate_names);
        json.close();
        json.close();
    }
    json.close();
}

/// Why the client's machine has no hardware address, if frames show one that is not its own.
fn withheld(json: &mut JsonText, flow: &Cells<'_>, shown: &ClientsShown) {
    if *shown == ClientsShown::ByAddress && flow.client_mac_withheld.is_present() {
        json.open_field("client");
        json.field("mac_withheld", &flow.client_mac_withheld);
        json.close();
    }
}

/// Which flow it is, how it ended, and what names it.
fn identity(json: &mut JsonText, flow: &Cells<'_>, meaning: &Meaning<'_>) {
    json.field("flow_id", &flow.flow_id);
    json.field("continues", &flow.continues);
    json.field("phase", &flow.phase);
    json.field("end_reason", &flow.end_reason);
    json.field("contact", &flow.contact);
    json.field("embedded_ip", &flow.embedded);
    json.field("vni", &flow.vni);
    json.parts(meaning.vendor);
    json.field("evidence", &flow.evidence);
    json.field("unnamed_reason", &flow.reason);
    json.true_field("candidates", &flow.candidates);
    json.true_field("ambiguous", &flow.ambiguous);
    if flow.grounds.text() != "own" {
        json.field("grounds", &flow.grounds);
    }
    if flow.matched != flow.name {
        json.field("matched", &flow.matched);
    }
    if let Some(signature) = meaning.signature {
        json.text_field("signature", signature);
    }
}

/// The packets that show the name, and what the hello says.
fn evidence(json: &mut JsonText, flow: &Cells<'_>, shown: &ClientsShown) {
    json.field("first_packet", &flow.first_packet);
    if flow.shown_ns.is_present() {
        json.open_field("shown");
        json.field("packet", &flow.shown_packet);
        time_field(json, "time", flow.shown_ns.number());
        json.close();
    }
    if flow.answer_ns.is_present() {
        json.open_field("dns_answer");
        json.field("packet", &flow.answer_packet);
        time_field(json, "time", flow.answer_ns.number());
        // The client itself, if it is a resolver too, is shown as a client.
        match shown {
            ClientsShown::As(text) if flow.answered_by == flow.client => {
                text.iter().for_each(|text| json.text_field("from", text));
            }
            _ => json.field("from", &flow.answered_by),
        }
        json.field("resolved", &flow.resolved);
        json.close();
    }
    json.true_field("alpn", &flow.alpn);
    json.true_field("tls_versions", &flow.tls_versions);
    json.field("ech", &flow.ech);
    json.field("encrypted_dns", &flow.encrypted_dns);
}

/// What was measured, and what limits the view.
fn measured(json: &mut JsonText, flow: &Cells<'_>, meaning: &Meaning<'_>) {
    if let Some(resolver) = meaning.resolver {
        json.text_field("resolver", resolver);
    }
    json.parts(meaning.fallback);
    json.field("ja4", &flow.ja4);
    for (key, span) in [("rtt_min_ms", &flow.rtt_ns), ("answer_rtt_ms", &flow.answer_rtt_ns)] {
        if span.is_present() {
            json.key(key);
            write_milliseconds(&mut json.text, span.number());
        }
    }
    if flow.interception.text() == "suspected" {
        json.field("interception", &flow.interception);
    }
    json.true_field("view", &flow.view);
    json.true_field("unseen_bytes", &flow.unseen_bytes);
    json.true_field("duplicate_packets", &flow.duplicates);
}
