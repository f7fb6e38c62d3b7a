//! What the two sides of a flow have sent each other so far, as far as it shows whether they are in contact.

use crate::types::contact::Contact;
use crate::wire::flags;

/// The side sent payload.
const PAYLOAD: u8 = 1;
/// The side sent something other than a reset.
const SPOKE: u8 = 2;
/// The side sent a reset.
const RESET: u8 = 4;
/// The side sent payload that a host sends only after an answer of the other side.
const AFTER_ANSWER: u8 = 8;
/// The side was seen to receive what the other side sent, which whoever only sends in its name does not.
const CONFIRMED: u8 = 16;
/// Payload of the side was not seen, and the other side acknowledged it.
const ACKNOWLEDGED: u8 = 32;
/// The side sent what a host sends only after an answer of the other side, with payload or without.
const FOLLOWED: u8 = 64;
/// The side answered a SYN.
const ANSWERED: u8 = 128;

/// A QUIC packet with a short header is no shorter than this (RFC 9000, 10.3).
const SHORTEST_QUIC: u32 = 21;

/// What suggests that datagrams are QUIC.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum QuicSigns {
    /// Nothing.
    None,
    /// Their port, and no handshake was seen.
    Port,
    /// A handshake.
    Handshake,
}

/// All that data and acknowledgements of a side can show.
const ALL_OF_DATA: u8 = PAYLOAD | SPOKE | AFTER_ANSWER | CONFIRMED;

/// A set of facts for each side.
#[derive(Clone, Copy, Debug, Default)]
pub struct Exchange {
    sides: [u8; 2],
}

impl Exchange {
    /// Notes a TCP segment of `side`; true if it shows something new. Payload behind a SYN needs a completed
    /// handshake. `acknowledges`: the segment acknowledges the number that the other side chose to begin with, which
    /// only its receiver knows.
    #[inline]
    pub fn note_segment(
        &mut self,
        side: usize,
        segment_flags: u8,
        has_payload: bool,
        acknowledges: bool,
    ) -> bool {
        let spoke = if segment_flags & flags::RST == 0 { SPOKE } else { RESET };
        let in_order = segment_flags & (flags::SYN | flags::ACK | flags::RST) == flags::ACK;
        let payload = if has_payload { PAYLOAD } else { 0 };
        let followed = if in_order { FOLLOWED } else { 0 };
        let after_answer = if has_payload && in_order { AFTER_ANSWER } else { 0 };
        let confirmed = if acknowledges && in_order { CONFIRMED } else { 0 };
        let is_answer = segment_flags & (flags::SYN | flags::ACK) == flags::SYN | flags::ACK;
        let answered = if is_answer { ANSWERED } else { 0 };
        self.note(side, spoke | payload | followed | after_answer | confirmed | answered)
    }

    /// Notes a datagram of `side`; true if it shows something new. A QUIC packet with a short header needs keys
    /// that only the handshake gives (RFC 9001, 5.7); where the handshake was not seen, other protocols look like that
    /// as well. Nothing proves that a datagram's sender received anything; to send once more after an answer is at
    /// least more than a flood of first datagrams does.
    #[inline]
    pub fn note_datagram(&mut self, side: usize, payload: &[u8], payload_len: u32, quic: QuicSigns) -> bool {
        let sent = if payload_len > 0 { SPOKE | PAYLOAD } else { SPOKE };
        let has_short_header = payload.first().is_some_and(|first| first & 0xc0 == 0x40);
        let after_answer = match quic {
            QuicSigns::Handshake if has_short_header => FOLLOWED | AFTER_ANSWER,
            QuicSigns::Port if has_short_header && payload_len >= SHORTEST_QUIC => FOLLOWED,
            _ => 0,
        };
        let confirmed = if self.sides[1 - (side & 1)] & PAYLOAD != 0 { CONFIRMED } else { 0 };
        self.note(side, sent | after_answer | confirmed)
    }

    /// Notes that payload of `side`, which was not seen, was acknowledged; true if that is new.
    #[inline]
    pub fn note_acknowledged(&mut self, side: usize) -> bool {
        self.note(side, ACKNOWLEDGED)
    }

    /// The side answered a SYN.
    pub fn has_answered(self, side: usize) -> bool {
        self.sides[side & 1] & ANSWERED != 0
    }

    /// Data and acknowledgements of either side show nothing new.
    #[inline]
    pub fn is_complete(self) -> bool {
        self.sides[0] & self.sides[1] & ALL_OF_DATA == ALL_OF_DATA
    }

    /// The same with the sides in the other order.
    pub fn swapped(mut self) -> Self {
        self.sides.swap(0, 1);
        self
    }

    #[inline]
    fn note(&mut self, side: usize, facts: u8) -> bool {
        let known = &mut self.sides[side & 1];
        let is_new = facts & !*known != 0;
        *known |= facts;
        is_new
    }

    /// `client` was seen to receive what the server sent: it answered that itself, or the server sends payload, for
    /// which it needs the client's part of the handshake.
    pub fn is_confirmed(self, client: usize) -> bool {
        let (client, server) = (self.sides[client & 1], self.sides[1 - (client & 1)]);
        client & CONFIRMED != 0 || (client & SPOKE != 0 && server & AFTER_ANSWER != 0)
    }

    /// How far the sides came in contact, if `client` is the client's side. `begins_known`: the number with which each
    /// side begins was seen. `sent_much`: the side sent more than a host does without an answer.
    pub fn contact(self, client: usize, begins_known: [bool; 2], sent_much: [bool; 2]) -> Contact {
        let sides = [client & 1, 1 - (client & 1)];
        let sent = |side: usize| self.has_sent(side, side == sides[0], begins_known[side]);
        let [client_sent, server_sent] = sides.map(sent);
        let [client, server] = sides.map(|side| self.sides[side] & !ACKNOWLEDGED);
        let is_transfer =
            client & FOLLOWED != 0 && sides.iter().any(|&side| sent_much[side] && self.is_received(side));
        if (client_sent && server_sent) || (server == 0 && client & AFTER_ANSWER != 0) || is_transfer {
            Contact::Data
        } else if server == 0 && !server_sent && client & FOLLOWED == 0 && !sent_much[sides[0]] {
            Contact::Attempted
        } else if server & (SPOKE | RESET) == RESET && client & FOLLOWED == 0 && !server_sent {
            Contact::Refused
        } else {
            Contact::Answered
        }
    }

    /// The other side received payload that `side` sent over TCP, as far as its segments show that. If only one side sends,
    /// as in a connection of FTP that carries a file, that is all that is exchanged.
    fn is_received(self, side: usize) -> bool {
        self.sides[side] & (PAYLOAD | ACKNOWLEDGED) != 0 && self.sides[1 - side] & FOLLOWED != 0
    }

    /// `side` sent payload: it was seen, or acknowledged by a side that knows the number with which `side` begins. Where
    /// that was not seen, anyone may acknowledge something in the name of a server, but a client that only refuses it
    /// has sent nothing.
    fn has_sent(self, side: usize, is_client: bool, begin_known: bool) -> bool {
        let (own, other) = (self.sides[side], self.sides[1 - side]);
        let refuses = is_client && own & (SPOKE | RESET) == RESET;
        let is_believed = if begin_known { other & CONFIRMED != 0 } else { !refuses };
        own & PAYLOAD != 0 || (own & ACKNOWLEDGED != 0 && is_believed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::flags::{ACK, RST, SYN};

    /// The contact after segments of the client (side 0) and the server (side 1): flags, and whether there is
    /// payload.
    fn contact(segments: &[(usize, u8, bool)]) -> Contact {
        let mut exchange = Exchange::default();
        for &(side, segment_flags, has_payload) in segments {
            exchange.note_segment(side, segment_flags, has_payload, false);
        }
        exchange.contact(0, [false; 2], [false; 2])
    }

    const SYN_SENT: (usize, u8, bool) = (0, SYN, false);
    const SYN_ACK: (usize, u8, bool) = (1, SYN | ACK, false);

    #[test]
    fn a_syn_without_an_answer_is_an_attempt() {
        assert_eq!(contact(&[SYN_SENT, SYN_SENT]), Contact::Attempted);
        assert_eq!(contact(&[(0, SYN, true)]), Contact::Attempted); // TCP Fast Open
        assert_eq!(contact(&[SYN_SENT, (0, RST, false)]), Contact::Attempted);
    }

    #[test]
    fn a_reset_as_the_only_answer_refuses() {
        assert_eq!(contact(&[SYN_SENT, (1, RST | ACK, false)]), Contact::Refused);
        assert_eq!(contact(&[(1, RST | ACK, false)]), Contact::Refused);
    }

    #[test]
    fn a_handshake_without_data_of_both_sides_is_an_answer() {
        assert_eq!(contact(&[SYN_SENT, SYN_ACK]), Contact::Answered);
        assert_eq!(contact(&[SYN_SENT, SYN_ACK, (1, RST, false)]), Contact::Answered);
        assert_eq!(contact(&[SYN_SENT, SYN_ACK, (0, ACK, true), (1, RST, false)]), Contact::Answered);
        assert_eq!(contact(&[(0, ACK, true), (1, RST, false)]), Contact::Answered);
    }

    #[test]
    fn a_server_alone_gives_no_data_however_much_it_sends() {
        assert_eq!(contact(&[(1, ACK, true), (1, ACK, true), (0, RST, false)]), Contact::Answered);
    }

    #[test]
    fn payload_of_both_sides_is_data_and_of_the_client_in_a_one_way_view() {
        assert_eq!(contact(&[SYN_SENT, SYN_ACK, (0, ACK, true), (1, ACK, true)]), Contact::Data);
        assert_eq!(contact(&[SYN_SENT, (0, ACK, true)]), Contact::Data);
    }

    /// The same if each segment has a fourth part: it acknowledges payload of the other side that was not seen.
    fn acknowledged(segments: &[(usize, u8, bool, bool)], begins_known: [bool; 2]) -> Contact {
        let mut exchange = Exchange::default();
        for &(side, segment_flags, has_payload, has_unseen) in segments {
            exchange.note_segment(side, segment_flags, has_payload, false);
            if has_unseen {
                exchange.note_acknowledged(1 - side);
            }
        }
        exchange.contact(0, begins_known, [false; 2])
    }

    #[test]
    fn payload_that_was_only_acknowledged_counts_as_well() {
        let server = [(1, SYN | ACK, false, false), (1, ACK, true, true)];
        assert_eq!(acknowledged(&server, [false, true]), Contact::Data);
        assert_eq!(
            acknowledged(&[(1, SYN | ACK, false, false), (1, ACK, false, true)], [false; 2]),
            Contact::Answered
        );
        assert_eq!(acknowledged(&[(0, ACK, true, true), (1, RST, false, false)], [false; 2]), Contact::Data);
        // A greeting of the server alone, of which the client says that it arrived.
        let greeted = [(0, SYN, false, false), (0, ACK, false, true)];
        assert_eq!(acknowledged(&greeted, [true, false]), Contact::Answered);
        assert_eq!(
            acknowledged(&[(1, RST, false, false), (0, ACK, false, true)], [false; 2]),
            Contact::Answered
        );
    }

    #[test]
    fn only_what_knows_the_clients_number_acknowledges_its_payload() {
        let forged = [(0, SYN, false, false), (1, ACK, true, true)];
        assert_eq!(acknowledged(&forged, [true, false]), Contact::Answered);
        assert_eq!(
            acknowledged(&[(1, ACK, true, true), (0, RST, false, false)], [false; 2]),
            Contact::Answered
        );
        assert_eq!(acknowledged(&[(1, ACK, true, true), (0, ACK, false, false)], [false; 2]), Contact::Data);
        let mut exchange = Exchange::default();
        exchange.note_segment(0, SYN, false, false);
        exchange.note_segment(1, ACK, true, true);
        assert!(exchange.note_acknowledged(0) && !exchange.note_acknowledged(0));
        assert_eq!(exchange.contact(0, [true, false], [false; 2]), Contact::Data);
    }

    #[test]
    fn a_segment_of_the_client_alone_that_follows_a_handshake_shows_an_answer() {
        assert_eq!(contact(&[SYN_SENT, (0, ACK, false)]), Contact::Answered);
        assert_eq!(contact(&[SYN_SENT, (0, ACK, false), (1, RST, false)]), Contact::Answered);
        assert_eq!(contact(&[SYN_SENT, (0, RST | ACK, false)]), Contact::Attempted);
    }

    #[test]
    fn much_payload_of_one_side_is_data_if_the_other_side_received_it() {
        let mut opened = Exchange::default();
        opened.note_segment(0, SYN, false, false);
        opened.note_segment(1, SYN | ACK, false, true);
        let contact = |one: Exchange, sender: usize| one.contact(0, [true; 2], [sender == 0, sender == 1]);
        for sender in [0, 1] {
            let mut exchange = opened;
            exchange.note_segment(sender, ACK, true, false);
            exchange.note_segment(1 - sender, RST, false, false);
            assert_eq!(contact(exchange, sender), Contact::Answered, "{sender}");
            exchange.note_segment(1 - sender, ACK, false, false);
            assert_eq!(contact(exchange, sender), Contact::Data, "{sender}");
            assert_eq!(contact(exchange, 1 - sender), Contact::Answered, "{sender}");
        }
    }

    #[test]
    fn much_that_a_server_acknowledges_is_no_data_of_a_client_that_never_completed_the_handshake() {
        let mut exchange = Exchange::default();
        exchange.note_segment(0, SYN, false, false);
        exchange.note_segment(1, ACK, false, false);
        exchange.note_acknowledged(0);
        assert_eq!(exchange.contact(0, [true, false], [true, false]), Contact::Answered);
        exchange.note_segment(0, ACK, false, false);
        assert_eq!(exchange.contact(0, [true, false], [true, false]), Contact::Data);
    }

    #[test]
    fn data_shows_nothing_new_once_both_sides_sent_it_after_an_answer_and_received_it() {
        let mut exchange = Exchange::default();
        let course = [(0, SYN, false, false), (1, SYN | ACK, false, false), (0, ACK, true, true)];
        for (side, segment_flags, has_payload, acknowledges) in course {
            exchange.note_segment(side, segment_flags, has_payload, acknowledges);
            assert!(!exchange.is_complete());
        }
        exchange.note_segment(1, ACK, true, false);
        assert!(!exchange.is_complete());
        assert!(exchange.note_segment(1, ACK, false, true));
        assert!(exchange.is_complete());
        for (side, has_payload, acknowledges) in [(0, true, true), (1, false, false), (1, true, true)] {
            assert!(!exchange.note_segment(side, ACK, has_payload, acknowledges));
        }
    }

    #[test]
    fn datagrams_of_the_client_are_an_attempt_until_one_shows_an_answer() {
        let contact = |one: Exchange| one.contact(0, [false; 2], [false; 2]);
        let mut exchange = Exchange::default();
        assert!(exchange.note_datagram(0, b"\xc0", 1, QuicSigns::Handshake));
        assert!(!exchange.note_datagram(0, b"\x40", 1, QuicSigns::None));
        assert_eq!(contact(exchange), Contact::Attempted);
        assert!(exchange.note_datagram(0, b"\x40", 1, QuicSigns::Handshake));
        assert_eq!(contact(exchange), Contact::Data);
        let mut answered = Exchange::default();
        answered.note_datagram(0, b"", 0, QuicSigns::None);
        answered.note_datagram(1, b"a", 1, QuicSigns::None);
        assert_eq!(contact(answered), Contact::Answered);
        answered.note_datagram(0, b"a", 1, QuicSigns::None);
        assert_eq!(contact(answered), Contact::Data);
    }

    #[test]
    fn datagrams_of_a_client_alone_are_more_than_an_attempt_in_mid_connection_and_if_they_are_many() {
        let contact = |first: u8, len: u32, signs: QuicSigns, is_much: bool| {
            let mut exchange = Exchange::default();
            exchange.note_datagram(0, &[first], len, signs);
            exchange.contact(0, [false; 2], [is_much, false])
        };
        assert_eq!(contact(0x41, 21, QuicSigns::Port, false), Contact::Answered);
        assert_eq!(contact(0x41, 20, QuicSigns::Port, false), Contact::Attempted);
        assert_eq!(contact(0x81, 21, QuicSigns::Port, false), Contact::Attempted);
        assert_eq!(contact(0x41, 21, QuicSigns::None, false), Contact::Attempted);
        assert_eq!(contact(0x81, 21, QuicSigns::None, true), Contact::Answered);
        assert_eq!(contact(0xc1, 21, QuicSigns::Handshake, true), Contact::Answered);
    }
}
