//! How the monitor reads DNS messages of its flows.

use super::state::{context, Monitor};
use crate::address::realm::Realm;
use crate::kept::kept_packet::KeptPacket;
use crate::resolution::{MessageKind, Messages, StreamPart};
use crate::types::arrival::Arrival;
use crate::types::tcp_header::TcpHeader;
use crate::wire::{Segment, Transport};
use std::sync::Arc;

impl Monitor {
    /// Reads the DNS message in a datagram.
    pub(super) fn read_message(
        &mut self,
        (slot, realm): (u32, Realm),
        kind: MessageKind,
        segment: &Segment<'_>,
        arrival: Arrival,
        packets: Vec<Arc<KeptPacket>>,
    ) {
        let reported = self.dns.len();
        let messages = Messages::of_datagram((segment, realm), kind, arrival, context!(self));
        let mut messages = messages.carried_by(packets);
        let turned_out = match kind {
            MessageKind::Possible(port) => Some((port, messages.process_possible(segment.payload, port))),
            _ => {
                messages.process(segment.payload);
                None
            }
        };
        let query = messages.fallback_query();
        self.restore_stamps(reported, arrival);
        let Some(flow) = self.table.get_mut(slot) else { return };
        flow.note_query(query);
        if let Some((port, is_dns)) = turned_out {
            flow.note_possible_messages(port, is_dns);
        }
    }

    /// Reads the beginning of a DNS message of which fragments are missing.
    pub(super) fn read_beginning(&mut self, segment: &Segment<'_>, arrival: Arrival) {
        let reported = self.dns.len();
        let kind = MessageKind::of(segment).filter(|_| segment.transport == Transport::Udp);
        if let Some(kind) = kind.filter(|kind| kind.is_certain()) {
            let realm = self.settings.separate_by.realm(segment.realm, arrival.interface);
            let segment_there = (segment, realm);
            Messages::of_datagram(segment_there, kind, arrival, context!(self))
                .process_beginning(segment.payload);
            self.restore_stamps(reported, arrival);
        }
    }

    /// Reads the DNS messages that a segment completes.
    pub(super) fn read_dns_stream(
        &mut self,
        (slot, side): (u32, usize),
        kind: MessageKind,
        header: TcpHeader,
        segment: &Segment<'_>,
        arrival: Arrival,
    ) {
        let reported = self.dns.len();
        let packets = self.conversation(slot);
        let Some(flow) = self.table.get_mut(slot) else { return };
        let part =
            StreamPart { seq: header.first_byte(), bytes: segment.payload, wire_bytes: segment.payload_len };
        let is_possible = !kind.is_certain();
        if is_possible && kind.port() != Some(segment.dst_port) {
            // An answer before there was a query.
            self.dns_streams.forget(flow.opening.head_owner(&flow.ends, slot, 1 - side));
            return flow.note_stream(None);
        }
        let messages = Messages::of_stream(&flow.ends, side, kind, arrival, context!(self));
        let mut messages = messages.carried_by(packets);
        let owner = flow.opening.head_owner(&flow.ends, slot, side);
        let start = flow.opening.stream_start(side).or(is_possible.then_some(part.seq));
        self.dns_streams.follow(owner, start, part, &mut messages);
        flow.note_query(messages.fallback_query());
        if is_possible {
            let is_dns = messages.kind().is_certain();
            let may_be = is_dns || self.dns_streams.follows(owner);
            flow.note_stream(may_be.then_some(messages.kind()));
            if !may_be {
                self.dns_streams.forget(owner);
            }
        }
        self.restore_stamps(reported, arrival);
    }
}
