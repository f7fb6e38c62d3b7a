//! The report on a flow: plain values, which cross to Python in batches.

use crate::address::Address;
use crate::flow::Flow;
use crate::naming::{identify, unnamed_reason, Identity, Knowledge};
use crate::resolution::find_resolver;
use crate::tag::Matcher;
use crate::types::ech_state::EchState;
use crate::types::encrypted_dns::EncryptedDns;
use crate::types::end_reason::EndReason;
use crate::types::evidence::Evidence;
use crate::types::interception::Interception;
use crate::types::unnamed::Unnamed;
use crate::wire::certificate::Certificate;
use crate::wire::ja4;

/// A flow is marked when more than one byte in so many was not seen.
const UNSEEN_SHARE: u64 = 100;

/// Why a report is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Occasion {
    /// The flow matches a signature, or is reported for its DNS.
    Open,
    /// It continues.
    Update,
    /// It is over.
    End(EndReason),
}

/// One report on one flow; `netmon/records.py`, FlowRecord, explains the fields.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct FlowReport {
    pub flow_id: u64,
    pub occasion: Occasion,
    pub is_tcp: bool,
    pub client: (Address, u16),
    pub server: (Address, u16),
    pub interface: u16,
    pub start_ns: u64,
    pub last_ns: u64,
    pub sent: (u64, u64),
    pub received: (u64, u64),
    pub new_bytes: (u64, u64),
    pub name: Option<String>,
    pub evidence: Evidence,
    pub reason: Option<Unnamed>,
    pub candidates: Vec<String>,
    pub entry: Option<u32>,
    pub matched: Option<String>,
    pub server_name: Option<String>,
    pub alpn: Vec<String>,
    pub versions: Vec<u16>,
    pub ech: Option<EchState>,
    pub certificate: Option<Box<Certificate>>,
    pub encrypted_dns: Option<EncryptedDns>,
    pub resolver: Option<u32>,
    pub is_fallback: bool,
    pub asked: Option<u32>,
    pub ja4: Option<String>,
    pub rtt_ns: Option<u64>,
    pub interception: Interception,
    pub one_way: bool,
    pub no_start: bool,
    pub cut: bool,
    pub gap: bool,
    pub proxied: bool,
    pub unseen: bool,
    pub unseen_bytes: u64,
    pub duplicates: u32,
}

/// Writes a report, and notes it in the flow.
pub fn report(
    flow: &mut Flow,
    occasion: Occasion,
    matcher: &Matcher,
    interception: Interception,
) -> FlowReport {
    let client = flow.ends.client_side();
    let sides = flow.traffic.sides();
    let (sent, received) = (sides[client], sides[1 - client]);
    let new_bytes =
        (flow.reporting.new_bytes(client, sent.bytes), flow.reporting.new_bytes(1 - client, received.bytes));
    let unseen = flow.view.unseen.bytes();
    let known = flow.knowledge();
    let Identity { name, evidence, matched, signature } = identify(known, matcher);
    let disclosed = known.clues.map(|clues| &clues.disclosed);
    let dns = known.clues.map(|clues| &clues.dns);
    let encrypted_dns = dns.and_then(|dns| dns.encrypted());
    let peer = flow.dns_peer();
    let report = FlowReport {
        flow_id: flow.id(),
        occasion,
        is_tcp: flow.ends.is_tcp(),
        client: flow.ends.client_end(),
        server: flow.ends.server_end(),
        interface: flow.interface(),
        start_ns: flow.traffic.start_ns(),
        last_ns: flow.traffic.last_ns(),
        sent: (sent.packets, sent.bytes),
        received: (received.packets, received.bytes),
        new_bytes,
        name: name.map(str::to_owned),
        evidence,
        reason: (!evidence.is_name()).then(|| unnamed_reason(known)),
        candidates: candidates(known, name, evidence),
        entry: signature,
        matched: matched.map(str::to_owned),
        server_name: known.sent_name().map(str::to_owned),
        alpn: peer.hello.map(|hello| hello.alpn.clone()).unwrap_or_default(),
        versions: peer.hello.map(|hello| hello.versions.clone()).unwrap_or_default(),
        ech: flow.naming.ech(),
        certificate: disclosed.and_then(|disclosed| disclosed.certificate()).cloned().map(Box::new),
        ja4: peer.hello.and_then(|hello| ja4::fingerprint(hello, flow.ends.is_tcp())),
        encrypted_dns,
        resolver: find_resolver(&peer, encrypted_dns.is_some(), matcher),
        is_fallback: dns.is_some_and(|dns| dns.is_fallback()),
        asked: dns.and_then(|dns| dns.queried_signature()),
        rtt_ns: flow.view.handshake.rtt_ns(),
        interception,
        one_way: sent.packets == 0 || received.packets == 0,
        no_start: flow.ends.is_tcp() && !flow.opening.is_started(),
        cut: flow.view.unseen.is_cut(),
        gap: flow.opening.has_gap(),
        proxied: flow.opening.is_proxied(),
        unseen: unseen > (sent.bytes + received.bytes) / UNSEEN_SHARE,
        unseen_bytes: unseen,
        duplicates: flow.view.duplicates.packets(),
    };
    flow.reporting.note_report(flow.traffic.bytes());
    report
}

/// The other names that the evidence allows: those of DNS, or of the certificate.
fn candidates(known: Knowledge<'_>, name: Option<&str>, evidence: Evidence) -> Vec<String> {
    let names: Vec<&str> = match evidence {
        Evidence::DnsClient | Evidence::DnsAny => {
            known.naming_chains().map(|chain| chain.question()).collect()
        }
        Evidence::Certificate => known.certified_names().iter().map(String::as_str).collect(),
        _ => Vec::new(),
    };
    names.into_iter().filter(|one| Some(*one) != name).map(str::to_owned).collect()
}
