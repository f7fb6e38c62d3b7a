//! The first datagrams of a flow: QUIC, Google's or everybody's, or DTLS, by their own looks on any port.

use super::tcp::Opening;
use crate::types::opening_state::OpeningState;
use crate::wire::{dtls, gquic, quic, tls, Malformed, Progress, Segment};

/// Datagrams of one side that are looked at for a hello.
const MAX_DATAGRAMS: u64 = 64;

impl Opening<'_> {
    /// Follows one datagram of the flow; true if it completed a ClientHello.
    #[inline]
    pub fn follow_datagram(&mut self, segment: &Segment<'_>) -> bool {
        let waiting =
            matches!(self.flow.sides[self.side].phase, OpeningState::Waiting | OpeningState::Collecting);
        match segment.payload {
            [0x80..=0xff, 0, 0, 0, 0, ..] => self.count_negotiation(segment.payload),
            [0x80..=0xff, ..] => waiting && self.take_datagram(segment),
            datagram
                if waiting && (dtls::may_be_hello(datagram) || gquic::may_be_public_header(datagram)) =>
            {
                self.take_datagram(segment)
            }
            datagram if waiting && dtls::is_record_in_mid_stream(datagram) => {
                self.leave(OpeningState::MidStream);
                false
            }
            _ => false,
        }
    }

    /// Counts a server's list of versions if it answers a client that was seen: zeros are nothing rare.
    #[cold]
    fn count_negotiation(&mut self, datagram: &[u8]) -> bool {
        if self.flow.quic.is_some() && quic::is_version_negotiation(datagram) {
            self.tally.quic_negotiations += 1;
        }
        false
    }

    #[cold]
    fn take_datagram(&mut self, segment: &Segment<'_>) -> bool {
        let side = &self.flow.sides[self.side];
        if self.flow.traffic.sides()[self.side].packets > MAX_DATAGRAMS {
            let begun = side.phase == OpeningState::Collecting;
            self.give_up_head(if begun { OpeningState::Incomplete } else { OpeningState::NotTls });
            return false;
        }
        let is_cut = (segment.payload.len() as u32) < segment.payload_len;
        if dtls::may_be_hello(segment.payload) {
            self.take_dtls(segment.payload, is_cut)
        } else {
            self.take_quic(segment, is_cut)
        }
    }

    /// DTLS: the parts of a ClientHello, put together by offset. Another message starts afresh.
    fn take_dtls(&mut self, datagram: &[u8], is_cut: bool) -> bool {
        let pieces = match dtls::hello_pieces(datagram, is_cut) {
            Ok(pieces) => pieces,
            Err(malformed) => {
                self.tally.problem("dtls", malformed.0);
                return false;
            }
        };
        for piece in pieces {
            let base = u32::from(piece.message_seq);
            let side = self.flow.sides[self.side];
            let head = match self.heads.owned(side.head, self.slot, self.side) {
                Some(head) if head.base == base => side.head,
                _ => {
                    self.leave(OpeningState::Waiting);
                    self.start_head(base, true)
                }
            };
            let header = piece.tls_header();
            self.heads.insert(head, base, &header);
            self.heads.insert(head, base + header.len() as u32 + piece.offset, piece.bytes);
            if self.try_messages(head, tls::parse_hello_message) {
                return true;
            }
        }
        if is_cut && self.flow.sides[self.side].phase == OpeningState::Collecting {
            return self.give_up_head(OpeningState::Cut);
        }
        false
    }

    /// Looks at the contiguous handshake messages of a head; true if they begin with a whole ClientHello.
    pub(super) fn try_messages(
        &mut self,
        head: u32,
        parse: fn(&[u8]) -> Result<Progress<tls::ClientHello>, Malformed>,
    ) -> bool {
        let Some(bytes) = self.heads.get(head).map(|head| head.contiguous()) else { return false };
        match parse(bytes) {
            Ok(Progress::Parsed(hello)) => self.found(hello),
            Ok(Progress::NeedMore) if self.heads.is_exhausted(head) => {
                self.give_up_head(OpeningState::Incomplete);
                false
            }
            Ok(Progress::NeedMore) => false,
            Err(malformed) => {
                self.tally.problem("tls", malformed.0);
                self.leave(OpeningState::Malformed);
                false
            }
        }
    }
}
