//! Connections that were silent for longer than a flow lasts are remembered, and recognised when they go on.

use super::state::{Monitor, Sender};
use crate::flow::{Flow, QuicIds, Remembered};
use crate::naming::identify;
use crate::resolution::DNS_PORT;
use crate::types::arrival::Arrival;
use crate::types::contact::Contact;
use crate::types::end_reason::EndReason;
use crate::types::tcp_header::TcpHeader;
use crate::wire::flags::{ACK, SYN};
use crate::wire::quic::{first_header, PacketType};
use crate::wire::{Segment, Transport};

/// A shorter connection ID would be found in other datagrams by chance.
const MIN_ID: usize = 4;

impl Monitor {
    /// The flow with number `id` with which a remembered connection goes on, if this segment belongs to one.
    pub(super) fn recall(
        &mut self,
        sender: Sender,
        id: u64,
        arrival: Arrival,
        segment: &Segment<'_>,
    ) -> Option<Flow> {
        if let Transport::Tcp { seq, ack, flags } = segment.transport {
            let header = TcpHeader { seq, ack, flags };
            let found = self.idle.find_tcp(&sender.key)?;
            let is_other_half = found.is_other_half(sender.side, header, arrival.interface);
            let is_continued =
                found.fits(sender.side, header) || (is_other_half && flags & (SYN | ACK) == SYN | ACK);
            if is_other_half {
                self.timer.distrust_clocks();
                self.tally.view(arrival.interface).clock_steps += 1;
            }
            if !is_continued {
                return None; // a stray segment, or another connection; nothing is forgotten until that is answered
            }
        }
        self.resume_flow(sender, id, arrival, segment)
    }

    /// The flow with number `id` with which the remembered connection goes on to which this segment belongs.
    pub(super) fn resume_flow(
        &mut self,
        sender: Sender,
        id: u64,
        arrival: Arrival,
        segment: &Segment<'_>,
    ) -> Option<Flow> {
        let Sender { key, side, .. } = sender;
        if let Transport::Tcp { seq, ack, flags } = segment.transport {
            let header = TcpHeader { seq, ack, flags };
            return Some(self.idle.take_tcp(&key)?.resume_with(side, header, key, id, arrival));
        }
        let (remembered, client) = self.idle.continue_quic(&key, side, segment.payload)?;
        Some(remembered.resume(key, client, id, arrival))
    }

    /// Remembers the TCP connection of a flow that is over only because it was silent, or had no room.
    pub(super) fn remember(&mut self, flow: &Flow, reason: EndReason, is_matched: bool) {
        let is_open = matches!(reason, EndReason::Idle | EndReason::Evicted) && !flow.opening.is_closed();
        let is_whole = flow.view.unseen.is_answered() && flow.contact() == Contact::Data;
        let is_dns = flow.ends.has_port(DNS_PORT);
        if is_open && is_whole && flow.ends.is_tcp() && !is_dns && !self.is_stray(flow) {
            let remembered = Remembered::of(flow, is_matched);
            let has_evicted = self.idle.remember_tcp(flow.ends.key(), flow.ends.client(), remembered);
            self.tally.evicted.idle_connections += u64::from(has_evicted);
        }
    }

    /// A flow ends between whose ends a connection rests: it keeps its place. Where one direction is mirrored, nobody answers
    /// visibly, and the SYN of that direction is enough.
    fn is_stray(&self, flow: &Flow) -> bool {
        let is_alone = |side: usize| flow.traffic.sides()[1 - side].packets == 0;
        let begins = |rests: &Remembered| {
            flow.opening.is_started()
                && [0, 1].into_iter().any(|side| is_alone(side) && rests.yields_to(side))
        };
        self.idle.find_tcp(flow.ends.key()).is_some_and(|rests| !begins(rests))
    }

    /// Remembers a QUIC connection by the connection IDs in a long header: those with which the server answers, or the
    /// client goes on then. The server may answer before the rest of the hello arrives, so each later one adds what is
    /// known by then.
    #[cold]
    pub(super) fn remember_quic(&mut self, slot: u32, side: usize, datagram: &[u8]) {
        let (Some(flow), Some(header)) = (self.table.get(slot), first_header(datagram)) else { return };
        let client = flow.ends.client_side();
        let is_handshake = header.kind == PacketType::Handshake;
        if !is_handshake && header.kind != PacketType::Initial {
            return;
        }
        let ids = if side == client {
            QuicIds { server: header.destination, client: header.source }
        } else {
            QuicIds { server: header.source, client: header.destination }
        };
        let [server_len, client_len] = [ids.server, ids.client].map(|id| id.as_slice().len());
        let is_telling = server_len >= MIN_ID && (client_len == 0 || client_len >= MIN_ID);
        let key = *flow.ends.key();
        let is_known = self.idle.has_quic(&key, client, ids);
        let is_chosen = is_known || is_handshake || side != client; // the client invents the ID in its first Initial
        if !is_telling || !is_chosen {
            return;
        }
        let is_matched = identify(flow.knowledge(), &self.matcher).signature.is_some();
        let remembered = Remembered::of(flow, is_matched);
        if !is_known {
            let has_evicted = self.idle.remember_quic(&key, ids, side, remembered);
            self.tally.evicted.idle_connections += u64::from(has_evicted);
            return;
        }
        self.idle.update_quic(&key, client, ids, remembered);
        if is_handshake && side == client {
            self.idle.establish_quic(&key, client, ids);
        }
    }
}
