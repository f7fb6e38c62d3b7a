//! QUIC as far as names need it: the ClientHello in a client's Initial packets, put together by
//! offset from any number of CRYPTO frames and packets in any order.

use super::handshake::{Handshake, RoundTrips, Seen};
use super::record::Phase;
use super::tcp::Opening;
use crate::wire::quic::{
    crypto_frames, first_header, initials, may_be_long_header, ConnectionId, Initial, PacketType,
};
use crate::wire::{tls, Progress};

/// Datagrams of one side that are looked at for an Initial.
const MAX_DATAGRAMS: u64 = 64;
/// The handshake's CRYPTO stream begins at offset zero.
const BASE: u32 = 0;

impl Opening<'_> {
    /// Follows one datagram of the flow; true if it completed a ClientHello.
    #[inline]
    pub fn follow_datagram(&mut self, datagram: &[u8], seen: Seen, trips: &mut RoundTrips) -> bool {
        if !may_be_long_header(datagram) {
            return false;
        }
        if !matches!(self.flow.handshake, Handshake::Over | Handshake::Ambiguous) {
            self.time_datagram(datagram, seen, trips);
        }
        let side = &self.flow.sides[self.side];
        if !matches!(side.phase, Phase::Waiting | Phase::Collecting) {
            return false;
        }
        if side.packets > MAX_DATAGRAMS {
            let begun = side.phase == Phase::Collecting;
            self.give_up_head(if begun { Phase::Incomplete } else { Phase::NotTls });
            return false;
        }
        self.take_datagram(datagram)
    }

    /// Follows the handshake for its round trip: a flow that begins with a client's Initial, and the first
    /// long header that comes back to that client (RFC 9000, 7.2).
    #[cold]
    fn time_datagram(&mut self, datagram: &[u8], seen: Seen, trips: &mut RoundTrips) {
        let Some(header) = first_header(datagram) else { return };
        let flow = &mut *self.flow;
        match flow.handshake {
            Handshake::Asked { side, .. } if usize::from(side) != self.side => {
                // Only a client's Initial opens with a client's keys: a server's never gets this far.
                if matches!(flow.sides[1 - self.side].phase, Phase::Hello | Phase::Collecting) {
                    trips.answer(flow, self.side, mark(header.destination), seen);
                } else {
                    flow.handshake = Handshake::Over;
                }
            }
            Handshake::None if flow.sides[0].packets + flow.sides[1].packets > 1 => {
                flow.handshake = Handshake::Over;
            }
            _ if header.kind == PacketType::Initial => {
                trips.ask(flow, self.side, mark(header.source), seen);
            }
            _ => {}
        }
    }

    #[cold]
    fn take_datagram(&mut self, datagram: &[u8]) -> bool {
        let initials = match initials(datagram) {
            Ok(initials) => initials,
            Err(malformed) => {
                self.tally.problem("quic", malformed.0);
                return false;
            }
        };
        for initial in initials {
            self.tally.quic_initials += 1;
            let Some((origin, payload)) = self.open(&initial) else { continue };
            let head = self.head_for(origin);
            let heads = &mut *self.heads;
            let frames = crypto_frames(&payload, initial.version, |offset, bytes| {
                if let Ok(offset) = u32::try_from(offset) {
                    heads.insert(head, BASE.wrapping_add(offset), bytes);
                }
            });
            if let Err(malformed) = frames {
                self.tally.problem("quic", malformed.0);
            }
            if self.try_crypto_stream(head) {
                return true;
            }
            if self.flow.sides[self.side].phase != Phase::Collecting {
                return false;
            }
        }
        false
    }

    /// Opens an Initial by the connection ID that the connection began with, or by its own: a first
    /// Initial, and the one after a Retry, carry the origin of their keys (RFC 9001, 5.2).
    fn open(&self, initial: &Initial<'_>) -> Option<(ConnectionId, Vec<u8>)> {
        let head = self.heads.owned(self.flow.sides[self.side].head, self.slot, self.side);
        let origin = head.map(|head| head.origin).filter(|origin| *origin != initial.destination);
        if let Some(origin) = origin {
            if let Some(payload) = initial.open(&origin) {
                return Some((origin, payload));
            }
        }
        initial.open(&initial.destination).map(|payload| (initial.destination, payload))
    }

    /// The head for a connection that began with `origin`; another connection on the same ports
    /// starts afresh.
    fn head_for(&mut self, origin: ConnectionId) -> u32 {
        let side = self.flow.sides[self.side];
        match self.heads.owned(side.head, self.slot, self.side) {
            Some(head) if head.origin == origin => side.head,
            _ => {
                self.leave(Phase::Waiting);
                let head = self.start_head(BASE, true);
                self.heads.set_origin(head, origin);
                head
            }
        }
    }

    fn try_crypto_stream(&mut self, head: u32) -> bool {
        let Some(bytes) = self.heads.get(head).map(|head| head.contiguous()) else { return false };
        match tls::parse_hello_message(bytes) {
            Ok(Progress::Parsed(hello)) => self.found(hello),
            Ok(Progress::NeedMore) if self.heads.is_exhausted(head) => {
                self.give_up_head(Phase::Incomplete);
                false
            }
            Ok(Progress::NeedMore) => false,
            Err(malformed) => {
                self.tally.problem("tls", malformed.0);
                self.leave(Phase::Malformed);
                false
            }
        }
    }
}

/// A connection ID as a number (FNV-1a): enough to tell a client's own answer.
fn mark(id: ConnectionId) -> u32 {
    id.as_slice().iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}
