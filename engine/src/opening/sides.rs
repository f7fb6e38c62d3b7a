//! How far the openings of a flow's two sides have been read, and whether the connection was started and closed.

use super::exchange::{Exchange, QuicSigns};
use super::facts::{Fact, Facts};
use crate::reassembly::stream_heads::{HeadOwner, NO_HEAD};
use crate::types::contact::Contact;
use crate::types::end_reason::EndReason;
use crate::types::ends::Ends;
use crate::types::opening_state::OpeningState;
use crate::types::tcp_header::TcpHeader;
use crate::view::unseen_data::Revealed;
use crate::wire::flags;
use crate::wire::quic::{Family, QUIC_PORT};

/// A segment that acknowledges this many bytes of the other side, or fewer, shows that its sender knows with which
/// number they begin: one in 65,536 guesses would be right.
const MAX_FIRST_BYTES: u32 = 1 << 16;

/// No host sends more payload than this without an answer, if it controls congestion: ten packets (RFC 6928; RFC 9002,
/// 7.2) and some repetitions.
const MOST_UNANSWERED: u64 = 1 << 16;

/// The opening of one side.
#[derive(Clone, Copy, Debug)]
pub(super) struct OpeningSide {
    /// Sequence number of the first payload byte after the preamble, if `base_known`.
    pub(super) base: u32,
    /// The side's stream head, or NO_HEAD.
    pub(super) head: u32,
    /// Bytes of the preamble that were read: the stream begins this far before `base`.
    pub(super) skipped: u16,
    /// Length of a first payload that is not a beginning, and may be none of the stream: another segment with the same
    /// sequence number replaces it unless the receiver acknowledges it first. 0: there is none.
    pub(super) doubtful: u16,
    /// True once `base` is certain: a SYN was seen, or the beginning of a hello.
    pub(super) base_known: bool,
    /// FIN seen.
    fin: bool,
    pub(super) state: OpeningState,
    /// Steps of the preamble that were read.
    pub(super) steps: u8,
}

impl OpeningSide {
    const NEW: Self = Self {
        base: 0,
        head: NO_HEAD,
        skipped: 0,
        doubtful: 0,
        base_known: false,
        fin: false,
        state: OpeningState::Waiting,
        steps: 0,
    };
}

/// The openings of both sides of a flow.
#[derive(Clone, Copy, Debug)]
pub struct Opening {
    pub(super) sides: [OpeningSide; 2],
    pub(super) quic: Option<Family>,
    pub(super) facts: Facts,
    exchange: Exchange,
}

impl Default for Opening {
    /// The opening of a flow before its first packet.
    fn default() -> Self {
        Self {
            sides: [OpeningSide::NEW; 2],
            quic: None,
            facts: Facts::default(),
            exchange: Exchange::default(),
        }
    }
}

impl Opening {
    /// Processes the control bits of a segment that `side` sent: they start and close a connection, and show
    /// which side is the client. True if the segment closes the connection.
    pub fn note_control(&mut self, side: usize, header: TcpHeader, ends: &mut Ends) -> bool {
        let was_closed = self.is_closed();
        if header.flags & flags::SYN != 0 {
            self.facts.note(Fact::Started, true);
            if header.flags & flags::ACK == 0 {
                ends.orient(side);
            } else {
                self.note_answer(1 - side, header.ack, ends);
            }
            let sender = &mut self.sides[side];
            if sender.state == OpeningState::Waiting {
                sender.base = header.seq.wrapping_add(1);
                sender.base_known = true;
            }
        }
        self.sides[side].fin |= header.flags & flags::FIN != 0;
        self.facts.note(Fact::Reset, header.flags & flags::RST != 0);
        self.is_closed() && !was_closed
    }

    /// Notes that the SYN of a side was answered. Whoever forges an address can send SYNs and answers: the one that
    /// acknowledges the SYN of a side shows that it is the client's. If it acknowledges another number, one of the two is
    /// not the connection's, and a hello is found by its beginning.
    fn note_answer(&mut self, side: usize, acknowledged: u32, ends: &mut Ends) {
        let client = &mut self.sides[side];
        let (is_waiting, sent) =
            (client.state == OpeningState::Waiting, acknowledged.wrapping_sub(client.base));
        if client.base_known && (sent == 0 || !is_waiting && sent < MAX_FIRST_BYTES) {
            ends.orient(side);
        } else {
            client.base_known &= !is_waiting;
            ends.orient_if_unknown(side);
        }
    }

    /// An answer of `side` acknowledges the SYN of the other side, which has sent nothing else: no stray one does.
    pub fn is_first_answer(&self, side: usize, header: TcpHeader) -> bool {
        let client = &self.sides[1 - (side & 1)];
        let is_answer = header.flags & (flags::SYN | flags::ACK) == flags::SYN | flags::ACK;
        let is_waiting = client.base_known && client.state == OpeningState::Waiting;
        is_answer && is_waiting && header.ack == client.base
    }

    /// `side` is not the client: it accepted the other side's TCP connection. A stray SYN in its name makes that unclear.
    pub(super) fn is_server(&self, side: usize, ends: &Ends) -> bool {
        let is_shown = ends.is_tcp() && self.is_started() && side != ends.client_side();
        is_shown && !self.sent_syn(side) && !self.exchange.has_answered(1 - (side & 1))
    }

    /// `side` may be the client although the other side sent a hello: of TCP, it sent a SYN; of UDP, where the sender of a
    /// datagram can be forged, the ports say so.
    pub(super) fn may_be_client(&self, side: usize, ends: &Ends) -> bool {
        if ends.is_tcp() {
            return self.is_started() && self.sent_syn(side);
        }
        let other = 1 - (side & 1);
        ends.key().likely_server(other) == other
    }

    /// `side` began the connection, as far as its own segments show.
    fn sent_syn(&self, side: usize) -> bool {
        self.sides[side & 1].base_known && !self.exchange.has_answered(side)
    }

    /// Notes that `side` sent a TCP segment; true if that may bring the sides further in contact.
    #[inline]
    pub fn note_segment(&mut self, side: usize, header: TcpHeader, payload_len: u32) -> bool {
        let other = &mut self.sides[1 - (side & 1)];
        if other.doubtful != 0 && header.ack == other.base.wrapping_add(u32::from(other.doubtful)) {
            other.doubtful = 0;
        }
        let first_byte = other.base.wrapping_sub(u32::from(other.skipped));
        let acknowledges = other.base_known && header.ack.wrapping_sub(first_byte) < MAX_FIRST_BYTES;
        self.exchange.note_segment(side, header.flags, payload_len > 0, acknowledges)
    }

    /// True while payload of a side of a TCP stream is worth reading.
    #[inline]
    pub fn expects_segment(&self, side: usize) -> bool {
        let OpeningSide { state, doubtful, .. } = self.sides[side];
        doubtful != 0
            || matches!(state, OpeningState::Waiting | OpeningState::Collecting | OpeningState::Between)
    }

    /// Notes whether the data and acknowledgements of a TCP connection show something new, of which `otherwise` is true
    /// if only the opening may be shown any more.
    #[inline]
    pub fn note_settled(&mut self, otherwise: bool) {
        let is_read = !self.expects_segment(0) && !self.expects_segment(1);
        self.facts.set(Fact::Settled, otherwise && is_read && self.exchange.is_complete());
    }

    /// Notes whether the packets of a QUIC connection with a short header show something new, of which `otherwise` is true
    /// as above. Its hello has been read, and the other side has none.
    #[inline]
    pub fn note_settled_quic(&mut self, otherwise: bool) {
        let is_read = matches!(
            self.states(),
            [OpeningState::Hello, OpeningState::Peer] | [OpeningState::Peer, OpeningState::Hello]
        );
        let is_settled = self.quic.is_some() && is_read && self.exchange.is_complete();
        self.facts.set(Fact::Settled, otherwise && is_settled);
    }

    /// Data and acknowledgements, or packets with a short header, show nothing new.
    #[inline]
    pub fn is_settled(&self) -> bool {
        self.facts.has(Fact::Settled)
    }

    /// Notes that a segment of `side` revealed payload that was not seen; true if that is new.
    pub fn note_unseen(&mut self, side: usize, header: TcpHeader, revealed: Revealed) -> bool {
        let is_new = revealed.acknowledged && self.exchange.note_acknowledged(1 - (side & 1));
        is_new | (revealed.own && self.exchange.note_segment(side, header.flags, true, false))
    }

    /// Notes that `side` sent a datagram, of which `payload` was captured; true as for a segment.
    #[inline]
    pub fn note_datagram(&mut self, side: usize, payload: &[u8], payload_len: u32, ends: &Ends) -> bool {
        let quic = match self.quic {
            Some(_) => QuicSigns::Handshake,
            None if ends.has_port(QUIC_PORT) => QuicSigns::Port,
            None => QuicSigns::None,
        };
        self.exchange.note_datagram(side, payload, payload_len, quic)
    }

    /// The client was seen to receive what the server sent.
    pub fn is_confirmed(&self, ends: &Ends) -> bool {
        self.exchange.is_confirmed(ends.client_side())
    }

    /// Who has a stream head for a side of the flow in a slot.
    pub fn head_owner(&self, ends: &Ends, flow: u32, side: usize) -> HeadOwner {
        HeadOwner { flow, side, client: ends.client(), is_confirmed: self.is_confirmed(ends) }
    }

    /// How far the two sides came in contact, if each sent so many bytes of payload.
    pub fn contact(&self, ends: &Ends, sent: [u64; 2]) -> Contact {
        let begins_known = self.sides.map(|side| side.base_known);
        let sent_much = sent.map(|bytes| bytes > MOST_UNANSWERED);
        self.exchange.contact(ends.client_side(), begins_known, sent_much)
    }

    /// True if a segment is the SYN of another connection than this one.
    pub fn starts_new_connection(&self, side: usize, header: TcpHeader) -> bool {
        if header.flags & (flags::SYN | flags::ACK) != flags::SYN {
            return false;
        }
        let OpeningSide { base, base_known, skipped, .. } = self.sides[side];
        let same_syn = base_known && base == header.seq.wrapping_add(1).wrapping_add(u32::from(skipped));
        let is_answered =
            self.sides.iter().all(|side| side.base_known) || self.exchange.has_answered(1 - (side & 1));
        !same_syn && (self.is_closed() || self.had_payload() || is_answered)
    }

    /// A side has sent payload.
    pub fn had_payload(&self) -> bool {
        self.sides.iter().any(|side| side.state != OpeningState::Waiting)
    }

    /// Both directions were closed, or the connection was reset.
    pub fn is_closed(&self) -> bool {
        self.facts.has(Fact::Reset) || (self.sides[0].fin && self.sides[1].fin)
    }

    /// Why the flow is over: the connection was closed, or else `otherwise`.
    pub fn end_reason(&self, otherwise: EndReason) -> EndReason {
        if self.facts.has(Fact::Reset) {
            EndReason::Rst
        } else if self.is_closed() {
            EndReason::Fin
        } else {
            otherwise
        }
    }

    /// How far the opening of a side has been read.
    #[inline]
    pub fn state(&self, side: usize) -> OpeningState {
        self.sides[side].state
    }

    /// How far the openings of both sides have been read.
    pub fn states(&self) -> [OpeningState; 2] {
        self.sides.map(|side| side.state)
    }

    /// Sequence number of the first payload byte of a side, if it is known.
    pub fn stream_start(&self, side: usize) -> Option<u32> {
        let side = self.sides[side];
        side.base_known.then_some(side.base)
    }

    /// The family of QUIC versions that the client uses; None if it does not use QUIC.
    pub fn quic(&self) -> Option<Family> {
        self.quic
    }

    /// The client uses a version of QUIC whose keys are unknown.
    pub fn is_quic_unreadable(&self) -> bool {
        self.facts.has(Fact::QuicUnreadable)
    }

    /// The same with the sides in the other order.
    pub fn swapped(mut self) -> Self {
        self.sides.swap(0, 1);
        self.exchange = self.exchange.swapped();
        self
    }

    /// A SYN was seen.
    pub fn is_started(&self) -> bool {
        self.facts.has(Fact::Started)
    }

    /// Payload of an opening is missing.
    pub fn has_gap(&self) -> bool {
        self.facts.has(Fact::Gap)
    }

    /// The server is a proxy: the data goes on to another server.
    pub fn is_proxied(&self) -> bool {
        self.facts.has(Fact::Proxied)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::realm::Realm;
    use crate::address::Address;
    use crate::types::flow_key::{FlowKey, TCP};

    /// Ends of which the ports suggest that side 0 is the server, and the first packet as well.
    fn misleading() -> Ends {
        let addresses = [1, 2].map(|n: u32| Address::v4(n.to_be_bytes()));
        Ends::new(FlowKey { addresses, ports: [600, 40_000], protocol: TCP, realm: Realm::NONE }, 1)
    }

    fn header(seq: u32, ack: u32, segment_flags: u8) -> TcpHeader {
        TcpHeader { seq, ack, flags: segment_flags }
    }

    #[test]
    fn a_syn_ack_shows_that_its_receiver_is_the_client_unless_a_syn_did() {
        let mut ends = misleading();
        assert_eq!(ends.client_side(), 1);
        Opening::default().note_control(1, header(7, 8, flags::SYN | flags::ACK), &mut ends);
        assert_eq!(ends.client_side(), 0);
        // A SYN is the client's own word.
        Opening::default().note_control(1, header(7, 0, flags::SYN), &mut ends);
        assert_eq!(ends.client_side(), 1);
        Opening::default().note_control(1, header(7, 8, flags::SYN | flags::ACK), &mut ends);
        assert_eq!(ends.client_side(), 1);
    }

    #[test]
    fn a_repeated_syn_behind_a_preamble_starts_no_connection_and_another_one_does() {
        let (mut opening, mut ends) = (Opening::default(), misleading());
        opening.note_control(0, header(99, 0, flags::SYN), &mut ends);
        assert_eq!(opening.stream_start(0), Some(100));
        opening.sides[0].base = 130; // a preamble of 30 bytes was read
        opening.sides[0].skipped = 30;
        opening.sides[0].state = OpeningState::Between;
        assert!(!opening.starts_new_connection(0, header(99, 0, flags::SYN)));
        assert!(opening.starts_new_connection(0, header(129, 0, flags::SYN)));
        assert!(!opening.starts_new_connection(0, header(129, 0, flags::SYN | flags::ACK)));
    }

    #[test]
    fn a_client_is_confirmed_by_what_only_the_receiver_of_a_syn_ack_knows() {
        let (mut opening, mut ends) = (Opening::default(), misleading());
        opening.note_segment(0, header(99, 0, flags::SYN), 0);
        opening.note_control(0, header(99, 0, flags::SYN), &mut ends);
        opening.note_segment(1, header(5_000_000, 100, flags::SYN | flags::ACK), 0);
        opening.note_control(1, header(5_000_000, 100, flags::SYN | flags::ACK), &mut ends);
        opening.note_segment(0, header(100, 4_000_000, flags::ACK), 50);
        assert!(!opening.is_confirmed(&ends)); // a guess
        opening.note_segment(0, header(100, 5_000_001, flags::ACK), 50);
        assert!(opening.is_confirmed(&ends));
    }

    #[test]
    fn a_client_is_confirmed_by_an_acknowledgement_within_what_precedes_a_hello() {
        let (mut opening, mut ends) = (Opening::default(), misleading());
        opening.note_segment(0, header(99, 0, flags::SYN), 0);
        opening.note_control(0, header(99, 0, flags::SYN), &mut ends);
        opening.note_segment(1, header(5_000_000, 100, flags::SYN | flags::ACK), 0);
        opening.note_control(1, header(5_000_000, 100, flags::SYN | flags::ACK), &mut ends);
        opening.sides[1].base = 5_000_031; // a preamble of 30 bytes was read
        opening.sides[1].skipped = 30;
        opening.note_segment(0, header(100, 5_000_001, flags::ACK), 50);
        assert!(opening.is_confirmed(&ends));
    }

    #[test]
    fn a_client_is_confirmed_by_the_servers_data_and_over_udp_by_another_datagram() {
        let ends = misleading(); // side 1 is the client
        let mut tcp = Opening::default();
        tcp.note_segment(1, header(1, 1, flags::ACK), 50);
        assert!(!tcp.is_confirmed(&ends));
        tcp.note_segment(0, header(1, 51, flags::ACK), 50);
        assert!(tcp.is_confirmed(&ends));
        let mut udp = Opening::default();
        udp.note_datagram(1, b"query", 5, &ends);
        udp.note_datagram(0, b"answer", 6, &ends);
        assert!(!udp.is_confirmed(&ends));
        udp.note_datagram(1, b"query", 5, &ends);
        assert!(udp.is_confirmed(&ends));
    }
}
