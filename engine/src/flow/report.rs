//! What the engine tells Python about flows and DNS messages: plain values, in batches.

use super::dns_use::{self, DnsUse, Encrypted, Question};
use super::ech::Ech;
use super::interception::Interception;
use super::key::TCP;
use super::naming::{resolve, unnamed_reason, Evidence, Naming, Resolution, Unnamed};
use super::record::{Flow, Side, NO_ENTRY};
use super::view::unseen_bytes;
use crate::address::Address;
use crate::row::row;
use crate::tag::Matcher;
use crate::wire::certificate::Certificate;
use crate::wire::dns::{self, Message};
use crate::wire::ja4;
use crate::wire::tls::ClientHello;

/// A flow is marked when more than one byte in so many was not seen.
const UNSEEN_SHARE: u64 = 100;

/// Why a report is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Occasion {
    /// The flow was tagged.
    Open,
    /// It goes on.
    Update,
    /// It is over.
    End(End),
}

impl Occasion {
    /// All labels.
    pub const LABELS: [&'static str; 3] = ["open", "update", "end"];

    /// As Python names it.
    pub fn label(self) -> &'static str {
        let [open, update, end] = Self::LABELS;
        match self {
            Self::Open => open,
            Self::Update => update,
            Self::End(_) => end,
        }
    }

    /// How the flow ended, if it did.
    pub fn end_reason(self) -> Option<End> {
        match self {
            Self::Open | Self::Update => None,
            Self::End(end) => Some(end),
        }
    }
}

/// How a flow ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)] // explained in netmon/records.py, EndReason
pub enum End {
    Fin,
    Rst,
    Idle,
    Evicted,
    Reused,
    CaptureEnd,
}

impl End {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Fin, Self::Rst, Self::Idle, Self::Evicted, Self::Reused, Self::CaptureEnd];

    /// As Python names it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Fin => "fin",
            Self::Rst => "rst",
            Self::Idle => "idle",
            Self::Evicted => "evicted",
            Self::Reused => "reused",
            Self::CaptureEnd => "capture_end",
        }
    }

    /// `other`, unless the flow closed itself before.
    pub fn of(flow: &Flow, other: Self) -> Self {
        if flow.reset {
            Self::Rst
        } else if flow.is_closed() {
            Self::Fin
        } else {
            other
        }
    }
}

/// The transport protocol of a flow or a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Protocol {
    Tcp,
    Udp,
}

impl Protocol {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Tcp, Self::Udp];

    /// As Python names it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }

    fn of(is_tcp: bool) -> Self {
        if is_tcp {
            Self::Tcp
        } else {
            Self::Udp
        }
    }
}

/// What limits the sensor's view of a flow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)] // explained in netmon/records.py, VIEW
pub enum Limitation {
    OneWay,
    NoStart,
    Cut,
    Gap,
    Proxied,
    Unseen,
    Duplicates,
}

impl Limitation {
    /// All, in the order of a report.
    pub const ALL: [Self; 7] =
        [Self::OneWay, Self::NoStart, Self::Cut, Self::Gap, Self::Proxied, Self::Unseen, Self::Duplicates];

    /// As Python names it.
    pub fn label(self) -> &'static str {
        match self {
            Self::OneWay => "one_way",
            Self::NoStart => "no_start",
            Self::Cut => "cut",
            Self::Gap => "gap",
            Self::Proxied => "proxied",
            Self::Unseen => "unseen",
            Self::Duplicates => "duplicates",
        }
    }
}

/// Number of a capture interface of the source, which knows the name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InterfaceNumber(pub u16);

/// A TLS or DTLS version as it is sent, like 0x0304.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TlsVersion(pub u16);

row! {
    /// One report on one flow; `netmon/records.py`, FlowRecord, explains the fields.
    #[derive(Debug, Clone)]
    #[allow(missing_docs)]
    pub struct FlowReport from facts: &Facts<'_> {
        flow_id: u64 = facts.flow.id,
        phase: Occasion = facts.occasion,
        end_reason: Option<End> = facts.occasion.end_reason(),
        transport: Protocol = Protocol::of(facts.is_tcp),
        client: Address = facts.flow.client_end().0,
        client_port: u16 = facts.flow.client_end().1,
        server: Address = facts.flow.server_end().0,
        server_port: u16 = facts.flow.server_end().1,
        interface: InterfaceNumber = InterfaceNumber(facts.flow.interface),
        start_ns: u64 = facts.flow.start_ns,
        last_ns: u64 = facts.flow.last_ns,
        sent_packets: u64 = facts.sent.packets,
        sent_bytes: u64 = facts.sent.bytes,
        received_packets: u64 = facts.received.packets,
        received_bytes: u64 = facts.received.bytes,
        new_sent_bytes: u64 = facts.sent.bytes.saturating_sub(facts.reported.0),
        new_received_bytes: u64 = facts.received.bytes.saturating_sub(facts.reported.1),
        name: Option<String> = facts.resolution.name.map(str::to_owned),
        evidence: Evidence = facts.resolution.evidence,
        reason: Option<Unnamed> = (!facts.resolution.evidence.is_name()).then(|| unnamed_reason(facts.flow)),
        candidates: Vec<String> = facts.candidates(),
        signature: Option<u32> = Some(facts.resolution.entry).filter(|signature| *signature != NO_ENTRY),
        matched: Option<String> = facts.resolution.matched.map(str::to_owned),
        server_name: Option<String> = facts.naming.and_then(Naming::sent_name).map(str::to_owned),
        alpn: Vec<String> = facts.hello.map(|hello| hello.alpn.clone()).unwrap_or_default(),
        tls_versions: Vec<TlsVersion> = facts.tls_versions(),
        ja4: Option<String> = facts.hello.and_then(|hello| ja4::fingerprint(hello, facts.is_tcp)),
        ech: Option<Ech> = facts.naming.and_then(|naming| naming.ech),
        certificate_subject: Option<String> = facts.certificate.and_then(|one| one.common_name.clone()),
        certificate_issuer: Option<String> = facts.certificate.map(|one| one.issuer.clone()),
        certificate_names: Vec<String> = facts.certificate_names(),
        encrypted_dns: Option<Encrypted> = facts.dns.encrypted,
        resolver: Option<u32> = facts.resolver,
        fallback: bool = facts.dns.is_fallback,
        queried_signature: Option<u32> = facts.queried_signature(),
        rtt_ns: Option<u64> = Some(facts.flow.rtt_ns).filter(|rtt_ns| *rtt_ns > 0),
        interception: Interception = facts.interception,
        view: Vec<Limitation> = facts.limitations(),
        unseen_bytes: u64 = facts.unseen_bytes,
        duplicates: u32 = facts.flow.copies.packets,
    }
}

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

row! {
    /// A DNS message as `netmon/records.py`, DnsRecord, explains it.
    #[derive(Debug)]
    #[allow(missing_docs)]
    pub struct DnsRow from report: DnsReport {
        time_ns: u64 = report.time_ns,
        kind: &'static str = report.kind,
        transport: Protocol = Protocol::of(report.is_tcp),
        source: Address = report.source.0,
        source_port: u16 = report.source.1,
        destination: Address = report.destination.0,
        destination_port: u16 = report.destination.1,
        message_id: u16 = report.message.id,
        response: bool = report.message.response,
        opcode: u8 = report.message.opcode,
        rcode: u16 = report.message.rcode,
        truncated: bool = report.message.truncated,
        questions: Vec<dns::Question> = report.message.questions,
        answers: Vec<dns::Answer> = report.message.answers,
    }
}

/// What a report on a flow is written from.
struct Facts<'a> {
    flow: &'a Flow,
    occasion: Occasion,
    interception: Interception,
    is_tcp: bool,
    sent: Side,
    received: Side,
    /// Bytes sent and received at the report before.
    reported: (u64, u64),
    unseen_bytes: u64,
    resolution: Resolution<'a>,
    resolver: Option<u32>,
    naming: Option<&'a Naming>,
    hello: Option<&'a ClientHello>,
    certificate: Option<&'a Certificate>,
    dns: DnsUse,
}

impl<'a> Facts<'a> {
    fn new(flow: &'a Flow, occasion: Occasion, matcher: &Matcher, interception: Interception) -> Self {
        let client = flow.client_side();
        let naming = flow.naming.as_deref();
        Self {
            flow,
            occasion,
            interception,
            is_tcp: flow.key.protocol == TCP,
            sent: flow.sides[client],
            received: flow.sides[1 - client],
            reported: (flow.reported_bytes[client], flow.reported_bytes[1 - client]),
            unseen_bytes: unseen_bytes(flow),
            resolution: resolve(flow, matcher),
            resolver: dns_use::resolver(flow, matcher),
            naming,
            hello: naming.and_then(|naming| naming.hello.as_ref()).map(|hello| &*hello.said),
            certificate: naming.and_then(|naming| naming.certificate.as_deref()),
            dns: naming.map(|naming| naming.dns).unwrap_or_default(),
        }
    }

    /// What limits the view of the flow.
    fn limitations(&self) -> Vec<Limitation> {
        let flow = self.flow;
        let applies = |limitation: &Limitation| match limitation {
            Limitation::OneWay => self.sent.packets == 0 || self.received.packets == 0,
            Limitation::NoStart => self.is_tcp && !flow.started,
            Limitation::Cut => flow.cut,
            Limitation::Gap => flow.gap,
            Limitation::Proxied => flow.proxied,
            Limitation::Unseen => self.unseen_bytes > (self.sent.bytes + self.received.bytes) / UNSEEN_SHARE,
            Limitation::Duplicates => flow.copies.packets > 0,
        };
        Limitation::ALL.into_iter().filter(applies).collect()
    }

    /// The other names that the evidence allows: those of DNS, or of the certificate.
    fn candidates(&self) -> Vec<String> {
        let Some(naming) = self.naming else { return Vec::new() };
        let names: Vec<&str> = match self.resolution.evidence {
            Evidence::DnsClient | Evidence::DnsAny => {
                naming.naming_chains().map(|chain| chain.question()).collect()
            }
            Evidence::Certificate => naming.certified_names().iter().map(String::as_str).collect(),
            _ => Vec::new(),
        };
        names.into_iter().filter(|one| Some(*one) != self.resolution.name).map(str::to_owned).collect()
    }

    /// The versions that the client offers.
    fn tls_versions(&self) -> Vec<TlsVersion> {
        self.hello.map(|hello| hello.versions.iter().copied().map(TlsVersion).collect()).unwrap_or_default()
    }

    /// The certificate's alternative names; a common name that stands for them is none.
    fn certificate_names(&self) -> Vec<String> {
        let alternative = self.certificate.filter(|certificate| !certificate.by_common_name);
        alternative.map(|certificate| certificate.names.clone()).unwrap_or_default()
    }

    /// The signature whose name a fallback resolver was queried for in clear.
    fn queried_signature(&self) -> Option<u32> {
        match self.dns.question {
            Some(Question::Entry(signature)) => Some(signature),
            Some(Question::Other) | None => None,
        }
    }
}

/// Writes a report and moves the flow's deltas on.
pub fn report(
    flow: &mut Flow,
    occasion: Occasion,
    matcher: &Matcher,
    interception: Interception,
) -> FlowReport {
    let report = FlowReport::from(&Facts::new(flow, occasion, matcher, interception));
    flow.reported_bytes = [flow.sides[0].bytes, flow.sides[1].bytes];
    flow.reported = true;
    report
}
