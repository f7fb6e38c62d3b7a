//! QUIC: the ClientHello in a client's Initial packets, reassembled by offset from any number of CRYPTO frames
//! and packets in any order.

use super::facts::Fact;
use super::reader::Reader;
use crate::reassembly::stream_heads::StreamHeads;
use crate::types::opening_state::OpeningState;
use crate::wire::quic::{
    crypto_frames, initials, version_number, ConnectionId, Family, Initial, Version, MIN_DATAGRAM, QUIC_PORT,
};
use crate::wire::{gquic, tls, Malformed, Progress, Segment};

/// The CRYPTO stream of the handshake begins at offset zero.
const BASE: u32 = 0;

impl Reader<'_> {
    /// Reads a datagram that may be QUIC; true if it completed a ClientHello.
    pub(super) fn read_quic(&mut self, segment: &Segment<'_>, is_cut: bool) -> bool {
        let datagram = segment.payload;
        if let Some(packet) = gquic::clear_packet(datagram) {
            self.opening.quic = Some(Family::Google);
            let head = self.head_for(packet.connection);
            let heads = &mut *self.heads;
            let frames = packet.crypto_frames(|offset, bytes| insert(heads, head, offset, bytes));
            if let Err(malformed) = frames {
                self.tally.problem("quic", malformed.0);
            }
            return self.read_messages(head, parse_hello);
        }
        self.note_family(segment);
        let initials = match initials(datagram) {
            Ok(initials) => initials,
            Err(_) if is_cut => {
                // An incomplete packet cannot be decrypted, and the next ones will be cut, too.
                self.leave(OpeningState::Cut);
                return false;
            }
            Err(malformed) => {
                self.tally.problem("quic", malformed.0);
                return false;
            }
        };
        for initial in initials {
            self.tally.quic_initials += 1;
            let Some((origin, payload)) = self.decrypt(&initial) else { continue };
            self.opening.facts.set(Fact::QuicUnreadable, false);
            let head = self.head_for(origin);
            let heads = &mut *self.heads;
            let frames = crypto_frames(&payload, initial.version, |offset, bytes| {
                insert(heads, head, offset, bytes);
            });
            if let Err(malformed) = frames {
                self.tally.problem("quic", malformed.0);
            }
            if self.read_messages(head, parse_hello) {
                return true;
            }
            if self.own().state != OpeningState::Collecting {
                return false;
            }
        }
        false
    }

    /// Decrypts an Initial with the connection ID that the connection began with, or with its own: the first
    /// Initial, and the one after a Retry, carry the origin of their keys (RFC 9001, 5.2).
    fn decrypt(&self, initial: &Initial<'_>) -> Option<(ConnectionId, Vec<u8>)> {
        let head = self.heads.owned(self.opening.sides[self.side].head, self.slot, self.side);
        let origin = head.map(|head| head.origin).filter(|origin| *origin != initial.destination);
        if let Some(origin) = origin {
            if let Some(payload) = initial.open(&origin) {
                return Some((origin, payload));
            }
        }
        initial.open(&initial.destination).map(|payload| (initial.destination, payload))
    }

    /// The stream head for a connection that began with `origin`; another connection on the same ports starts
    /// over.
    fn head_for(&mut self, origin: ConnectionId) -> u32 {
        let number = self.own().head;
        match self.heads.owned(number, self.slot, self.side) {
            Some(head) if head.origin == origin => number,
            _ => {
                self.leave(OpeningState::Waiting);
                let head = self.start_head(BASE, true);
                self.heads.set_origin(head, origin);
                head
            }
        }
    }

    /// Notes which version of QUIC a flow uses by the number in a long header, which all versions have (RFC 8999), or in
    /// Google's old header. An unknown version is taken for QUIC only in what may be a client's first datagram.
    fn note_family(&mut self, segment: &Segment<'_>) {
        if gquic::may_be_public_header(segment.payload) {
            self.opening.quic = Some(Family::Google);
            return;
        }
        let Some(number) = version_number(segment.payload) else { return };
        let family = match Family::of(number) {
            Family::Unknown if segment.dst_port != QUIC_PORT || segment.payload_len < MIN_DATAGRAM => return,
            family => family,
        };
        self.opening.quic = Some(family);
        let is_unreadable = Version::of(number).is_none_or(Version::is_guessed);
        self.opening.facts.set(Fact::QuicUnreadable, is_unreadable);
    }
}

fn insert(heads: &mut StreamHeads, head: u32, offset: u64, bytes: &[u8]) {
    if let Ok(offset) = u32::try_from(offset) {
        heads.insert(head, BASE.wrapping_add(offset), bytes);
    }
}

/// Parses the hello that a handshake begins with: that of TLS, or Google's own.
fn parse_hello(stream: &[u8]) -> Result<Progress<tls::ClientHello>, Malformed> {
    if gquic::is_client_hello(stream) {
        gquic::parse_client_hello(stream)
    } else {
        tls::parse_hello_message(stream)
    }
}
