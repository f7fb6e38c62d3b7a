//! The record that reports a flow: plain values, which cross to Python in batches.

use crate::address::Address;
use crate::flow::Flow;
use crate::machines::Machine;
use crate::naming::{identify, unnamed_reason, Identity, Knowledge};
use crate::report::limitation::Limitation;
use crate::report::phase::Phase;
use crate::resolution::{find_resolver, Chain, DnsClues};
use crate::row::row;
use crate::tag::Matcher;
use crate::types::arrival::Arrival;
use crate::types::contact::Contact;
use crate::types::ech_state::EchState;
use crate::types::encrypted_dns::EncryptedDns;
use crate::types::end_reason::EndReason;
use crate::types::evidence::Evidence;
use crate::types::grounds::Grounds;
use crate::types::interception::Interception;
use crate::types::mac::Mac;
use crate::types::opening_state::OpeningState;
use crate::types::protocol::Protocol;
use crate::types::unnamed::Unnamed;
use crate::types::volume::Volume;
use crate::types::withheld::Withheld;
use crate::wire::certificate::Certificate;
use crate::wire::ja4;
use crate::wire::tls::ClientHello;
use std::sync::Arc;

/// The view is limited (`Limitation::Unseen`) if more than one byte in this many was not seen.
const UNSEEN_SHARE: u64 = 100;

/// Number of a capture interface in the list of the source, which has its name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InterfaceNumber(pub u16);

/// A TLS or DTLS version as it is sent, like 0x0304.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TlsVersion(pub u16);

row! {
    /// A flow when it is reported; `netmon/records.py`, FlowRecord, explains the fields.
    #[derive(Debug, Clone)]
    #[allow(missing_docs)]
    pub struct FlowRecord, FlowCells from facts: &Facts<'_> {
        flow_id: u64 = facts.flow.id(),
        continues: Option<u64> = facts.flow.continues(),
        phase: Phase = facts.phase,
        end_reason: Option<EndReason> = facts.phase.end_reason(),
        transport: Protocol = Protocol::of(facts.is_tcp),
        client: Address = facts.flow.ends.client_end().0,
        client_port: u16 = facts.flow.ends.client_end().1,
        client_mac: Option<Mac> = facts.sensor.machine.mac,
        client_mac_withheld: Option<Withheld> = facts.sensor.machine.withheld,
        client_host: Option<String> = facts.sensor.machine.name.clone(),
        server: Address = facts.flow.ends.server_end().0,
        server_port: u16 = facts.flow.ends.server_end().1,
        embedded: Option<Address> = facts.flow.ends.embedded(),
        interface: InterfaceNumber = InterfaceNumber(facts.flow.interface()),
        vlan: Option<u16> = facts.flow.ends.key().realm.vlan(),
        inner_vlan: Option<u16> = facts.flow.ends.key().realm.inner_vlan(),
        vni: Option<u32> = facts.flow.ends.key().realm.vni(),
        start_ns: u64 = facts.stamp_ns(facts.flow.traffic.start_ns()),
        last_ns: u64 = facts.stamp_ns(facts.flow.traffic.last_ns()),
        sent_packets: u64 = facts.sent.packets,
        sent_bytes: u64 = facts.sent.bytes,
        received_packets: u64 = facts.received.packets,
        received_bytes: u64 = facts.received.bytes,
        new_sent_bytes: u64 = facts.flow.reporting.new_bytes(facts.client, facts.sent.bytes),
        new_received_bytes: u64 = facts.flow.reporting.new_bytes(1 - facts.client, facts.received.bytes),
        contact: Contact = facts.flow.contact(),
        name: Option<String> = facts.identity.name.map(str::to_owned),
        evidence: Evidence = facts.identity.evidence,
        reason: Option<Unnamed> = (!facts.identity.evidence.is_name()).then(|| unnamed_reason(facts.known)),
        candidates: Vec<String> = facts.candidates(),
        ambiguous: bool = facts.is_ambiguous,
        grounds: Grounds = facts.identity.grounds,
        signature: Option<u32> = facts.identity.signature,
        matched: Option<String> = facts.identity.matched.map(str::to_owned),
        first_packet: Option<u64> = numbered(facts.flow.first_packet()),
        shown_packet: Option<u64> = facts.shown.and_then(|arrival| numbered(arrival.number)),
        shown_ns: Option<u64> = facts.shown.map(|arrival| facts.stamp_ns(arrival.time_ns)),
        resolved: bool = facts.is_resolved(),
        answer_packet: Option<u64> = facts.identity.answer.and_then(|one| numbered(one.arrival.number)),
        answer_ns: Option<u64> = facts.identity.answer.map(|one| facts.stamp_ns(one.arrival.time_ns)),
        answered_by: Option<Address> = facts.identity.answer.map(|one| one.resolver),
        server_name: Option<String> = facts.known.sent_name().map(str::to_owned),
        alpn: Vec<String> = facts.hello.map(|hello| hello.alpn.clone()).unwrap_or_default(),
        tls_versions: Vec<TlsVersion> = facts.tls_versions(),
        ja4: Option<String> = facts.hello.and_then(|hello| ja4::fingerprint(hello, facts.is_tcp)),
        ech: Option<EchState> = facts.flow.naming.ech(),
        certificate_subject: Option<String> = facts.certificate.and_then(|one| one.common_name.clone()),
        certificate_issuer: Option<String> = facts.certificate.map(|one| one.issuer.clone()),
        certificate_names: Vec<String> = facts.certificate_names(),
        encrypted_dns: Option<EncryptedDns> = facts.encrypted_dns,
        resolver: Option<u32> = facts.resolver,
        fallback: bool = facts.dns.is_some_and(DnsClues::is_fallback),
        queried_signature: Option<u32> = facts.dns.and_then(DnsClues::queried_signature),
        rtt_ns: Option<u64> = facts.flow.view.handshake.rtt_ns(),
        answer_rtt_ns: Option<u64> = facts.flow.view.handshake.answer_rtt_ns(),
        interception: Interception = facts.sensor.interception,
        view: Vec<Limitation> = facts.limitations(),
        unseen_bytes: u64 = facts.unseen_bytes,
        duplicates: u32 = facts.flow.view.duplicates.packets(),
    }
}

impl FlowRecord {
    /// True if Python has nothing to say about the flow: no signature matched, and it queries no resolver of a vendor.
    pub fn is_plain(&self) -> bool {
        self.signature.is_none() && !self.fallback
    }
}

/// What the sensor saw of its network so far.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SensorView {
    /// Whether a middlebox seems to answer handshakes.
    pub interception: Interception,
    /// DNS answers were seen, and none of their queries.
    pub answers_only: bool,
    /// Packets of the flow's interface were not decoded, more than a few.
    pub is_undecoded: bool,
    /// What turns the monitor's time into that of the flow's packets, if a clock was set or differs; wraps.
    pub clock_shift: u64,
    /// The machine of the flow's client.
    pub machine: Machine,
}

/// What the record of a flow is made from.
struct Facts<'a> {
    flow: &'a Flow,
    phase: Phase,
    sensor: SensorView,
    is_ambiguous: bool,
    is_tcp: bool,
    client: usize,
    sent: Volume,
    received: Volume,
    unseen_bytes: u64,
    known: Knowledge<'a>,
    identity: Identity<'a>,
    /// The packet of the opening that shows the name, or what matched.
    shown: Option<Arrival>,
    hello: Option<&'a ClientHello>,
    certificate: Option<&'a Certificate>,
    dns: Option<&'a DnsClues>,
    encrypted_dns: Option<EncryptedDns>,
    resolver: Option<u32>,
}

impl<'a> Facts<'a> {
    fn new(flow: &'a Flow, phase: Phase, matcher: &Matcher, sensor: SensorView) -> Self {
        let client = flow.ends.client_side();
        let sides = flow.traffic.sides();
        let known = flow.knowledge();
        let peer = flow.dns_peer();
        let dns = known.clues.map(|clues| &clues.dns);
        let identity = identify(known, matcher);
        let encrypted_dns = dns.and_then(DnsClues::encrypted);
        Self {
            flow,
            phase,
            sensor,
            is_ambiguous: is_ambiguous(known, identity.evidence, matcher),
            is_tcp: flow.ends.is_tcp(),
            client,
            sent: sides[client],
            received: sides[1 - client],
            unseen_bytes: flow.view.unseen.bytes(),
            known,
            shown: is_shown_in_opening(identity.evidence)
                .then(|| known.clues.map(|clues| clues.disclosed.arrival()))
                .flatten()
                .filter(|arrival| *arrival != Arrival::default()),
            identity,
            hello: peer.hello,
            certificate: known.clues.and_then(|clues| clues.disclosed.certificate()),
            dns,
            encrypted_dns,
            resolver: find_resolver(&peer, encrypted_dns.is_some(), matcher),
        }
    }

    /// A time as the clock of the flow's packets shows it.
    fn stamp_ns(&self, time_ns: u64) -> u64 {
        time_ns.wrapping_add(self.sensor.clock_shift)
    }

    /// DNS, as the client or a resolver of the site looked it up, has the flow's name and the server's address.
    fn is_resolved(&self) -> bool {
        let is_of_site = self.dns.is_some_and(|dns| dns.looked_up_by().is_of_site());
        is_of_site && self.identity.answer.is_some()
    }

    /// What limits the view of the flow.
    fn limitations(&self) -> Vec<Limitation> {
        let Flow { opening, view, .. } = self.flow;
        let is_one_way = self.sent.packets == 0 || self.received.packets == 0;
        let has_unseen = self.unseen_bytes > (self.sent.bytes + self.received.bytes) / UNSEEN_SHARE;
        let applies = |limitation: &Limitation| match limitation {
            Limitation::OneWay => is_one_way,
            Limitation::NoStart => self.is_tcp && !opening.is_started(),
            Limitation::Cut => view.unseen.is_cut(),
            Limitation::Gap => opening.has_gap(),
            Limitation::Proxied => opening.is_proxied(),
            Limitation::Unseen => has_unseen,
            Limitation::Undecoded => {
                self.sensor.is_undecoded && (is_one_way || has_unseen || opening.has_gap())
            }
            Limitation::Duplicates => view.duplicates.packets() > 0,
            Limitation::AnswersOnly => {
                self.sensor.answers_only && self.identity.evidence == Evidence::DnsUnsolicited
            }
            Limitation::Malformed => opening.states().contains(&OpeningState::Malformed),
        };
        Limitation::ALL.into_iter().filter(applies).collect()
    }

    /// The other names that the evidence allows: those of DNS, or of the certificate.
    fn candidates(&self) -> Vec<String> {
        let names: Vec<&str> = match self.identity.evidence {
            Evidence::DnsClient | Evidence::DnsAny | Evidence::DnsUnsolicited => {
                self.known.naming_chains().map(|chain| chain.question()).collect()
            }
            Evidence::Certificate => self.known.certified_names().iter().map(String::as_str).collect(),
            _ => Vec::new(),
        };
        names.into_iter().filter(|one| Some(*one) != self.identity.name).map(str::to_owned).collect()
    }

    /// The versions that the client offers.
    fn tls_versions(&self) -> Vec<TlsVersion> {
        self.hello.map(|hello| hello.versions.iter().copied().map(TlsVersion).collect()).unwrap_or_default()
    }

    /// The certificate's alternative names; a common name that stands in for them is not repeated.
    fn certificate_names(&self) -> Vec<String> {
        let alternative = self.certificate.filter(|certificate| !certificate.by_common_name);
        alternative.map(|certificate| certificate.names.clone()).unwrap_or_default()
    }
}

/// True for evidence in the opening of a flow.
fn is_shown_in_opening(evidence: Evidence) -> bool {
    use Evidence::{Certificate, HttpHost, Payload, QuicSni, Sni};
    matches!(evidence, Sni | QuicSni | HttpHost | Certificate | Payload)
}

/// The number of a packet, if it comes from a file.
fn numbered(number: u64) -> Option<u64> {
    (number > 0).then_some(number)
}

/// True if DNS shows names of different vendors, or of one and of none, for a flow that DNS names.
fn is_ambiguous(known: Knowledge<'_>, evidence: Evidence, matcher: &Matcher) -> bool {
    if !matches!(evidence, Evidence::DnsClient | Evidence::DnsAny | Evidence::DnsUnsolicited) {
        return false;
    }
    let vendor = |chain: &Arc<Chain>| chain.names.iter().find_map(|name| matcher.find_vendor(name));
    let mut vendors = known.naming_chains().map(vendor);
    let first = vendors.next();
    vendors.any(|other| Some(other) != first)
}

/// Reports a flow: makes its record, and notes the report in the flow.
pub fn report(flow: &mut Flow, phase: Phase, matcher: &Matcher, sensor: SensorView) -> FlowRecord {
    let record = FlowRecord::from(&Facts::new(flow, phase, matcher, sensor));
    flow.reporting.note_report(flow.traffic.bytes());
    record
}
