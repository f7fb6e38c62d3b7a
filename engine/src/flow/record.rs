//! One flow as the table keeps it.

use super::dns::Kind;
use super::naming::Naming;
use super::traffic::Traffic;
use crate::reassembly::stream_heads::NO_HEAD;
use crate::types::end_reason::EndReason;
use crate::types::ends::Ends;
use crate::types::flow_key::FlowKey;
use crate::types::opening_state::OpeningState;
use crate::view::flow_view::FlowView;
use crate::wire::quic::Family;

/// One direction of a flow.
#[derive(Clone, Copy, Debug)]
pub struct Side {
    /// Sequence number of the first payload byte behind the preamble, if `base_known`.
    pub base: u32,
    /// `head` in the stream heads, or NO_HEAD.
    pub head: u32,
    /// True once `base` is sure: a SYN was seen, or a hello's beginning.
    pub base_known: bool,
    /// FIN seen.
    pub fin: bool,
    /// State of the first bytes.
    pub phase: OpeningState,
    /// Steps of a preamble that were read.
    pub steps: u8,
    /// Their bytes: `base` lies so far behind the stream's first byte.
    pub skipped: u16,
}

impl Side {
    const NEW: Self = Self {
        base: 0,
        head: NO_HEAD,
        base_known: false,
        fin: false,
        phase: OpeningState::Waiting,
        steps: 0,
        skipped: 0,
    };
}

/// No signature entry.
pub const NO_ENTRY: u32 = u32::MAX;

/// A bidirectional flow.
#[derive(Debug)]
pub struct Flow {
    /// Both ends.
    pub ends: Ends,
    /// Number of the flow, in order of first packets.
    pub id: u64,
    /// Times and volume.
    pub traffic: Traffic,
    /// The two directions, in the key's order.
    pub sides: [Side; 2],
    /// What the sensor could see of it.
    pub view: FlowView,
    /// The messages that its datagrams are.
    pub messages: Option<Kind>,
    /// The QUIC that a client speaks here, if it does.
    pub quic: Option<Family>,
    /// Names, once there are any.
    pub naming: Option<Box<Naming>>,
    /// Bytes of both sides at the latest report.
    pub reported_bytes: [u64; 2],
    /// Signature entry, or NO_ENTRY.
    pub entry: u32,
    /// Capture interface of the first packet.
    pub interface: u16,
    /// A SYN was seen.
    pub started: bool,
    /// RST seen.
    pub reset: bool,
    /// Payload of the opening is missing.
    pub gap: bool,
    /// The server is a proxy: the data end elsewhere.
    pub proxied: bool,
    /// The client uses encrypted DNS, and no plain one told the server's name.
    pub dns_hidden: bool,
    /// Name and tag are settled enough to report.
    pub decided: bool,
    /// A report has been written.
    pub reported: bool,
}

impl Flow {
    /// A flow that begins with a packet of `first_sender`.
    pub fn new(key: FlowKey, id: u64, now_ns: u64, interface: u16, first_sender: usize) -> Self {
        Self {
            ends: Ends::new(key, first_sender),
            id,
            traffic: Traffic::new(now_ns),
            sides: [Side::NEW; 2],
            view: FlowView::default(),
            messages: None,
            quic: None,
            naming: None,
            reported_bytes: [0; 2],
            entry: NO_ENTRY,
            interface,
            started: false,
            reset: false,
            gap: false,
            proxied: false,
            dns_hidden: false,
            decided: false,
            reported: false,
        }
    }

    /// Both directions were closed, or one was reset.
    pub fn is_closed(&self) -> bool {
        self.reset || (self.sides[0].fin && self.sides[1].fin)
    }

    /// Why the flow is over: it closed itself, or `otherwise`.
    pub fn end_reason(&self, otherwise: EndReason) -> EndReason {
        if self.reset {
            EndReason::Rst
        } else if self.is_closed() {
            EndReason::Fin
        } else {
            otherwise
        }
    }
}
