//! The way of a packet, on one screen: decode → flow → view → opening → name → report.

use crate::capture::Packet;
use crate::counters::tally::Tally;
use crate::flow::{due_ns, Flow, Table};
use crate::opening::{Reader, SharedHellos};
use crate::reassembly::fragments::{Fragments, MAX_BYTES, MAX_PACKETS};
use crate::reassembly::stream_heads::StreamHeads;
use crate::report::flow_report::FlowReport;
use crate::resolution::{
    Context, DnsReport, DnsStreams, LearnedNames, MessageKind, Messages, PendingQueries, StreamPart, DNS_PORT,
};
use crate::settings::Settings;
use crate::tag::Matcher;
use crate::types::arrival::Arrival;
use crate::types::flow_key::FlowKey;
use crate::types::tcp_header::TcpHeader;
use crate::view::counting::{count_packet, count_segment};
use crate::view::duplicates::Duplicates;
use crate::view::handshake_timer::HandshakeTimer;
use crate::wire::decode::{decode, Decoded};
use crate::wire::{Rejection, Segment, Transport};
use std::sync::Arc;

/// Borrows what all flows of a monitor share, apart from the table that holds them.
macro_rules! context {
    ($monitor:ident) => {
        Context {
            names: &$monitor.names,
            queries: &mut $monitor.queries,
            matcher: &$monitor.matcher,
            tally: &mut $monitor.tally,
            reports: $monitor.settings.every_flow.then_some(&mut $monitor.dns),
        }
    };
}

mod lifecycle;
mod upkeep;

/// One worker's view of the traffic. Time is the packets' time.
pub struct Monitor {
    settings: Settings,
    matcher: Arc<Matcher>,
    names: Arc<LearnedNames>,
    table: Table,
    duplicates: Duplicates,
    heads: StreamHeads,
    hellos: SharedHellos,
    dns_streams: DnsStreams,
    queries: PendingQueries,
    fragments: Fragments,
    timer: HandshakeTimer,
    flow_ids: (u64, u64),
    clock_ns: u64,
    next_sweep_ns: u64,
    due: Vec<u32>,
    tally: Tally,
    /// Reports on flows that have not been collected yet.
    pub flows: Vec<FlowReport>,
    /// DNS messages that have not been collected yet.
    pub dns: Vec<DnsReport>,
}

/// The sender of a segment: its side of a flow, and the flow's slot in the table if it has one.
#[derive(Clone, Copy)]
struct Sender {
    key: FlowKey,
    side: usize,
    slot: Option<u32>,
}

impl Monitor {
    /// Flow numbers are `worker`, `worker + workers`, …, so that those of several workers differ.
    pub fn new(
        settings: Settings,
        matcher: Arc<Matcher>,
        names: Arc<LearnedNames>,
        (worker, workers): (u64, u64),
    ) -> Self {
        Self {
            table: Table::new(settings.max_flows),
            duplicates: Duplicates::new(settings.duplicate_window_ns),
            hellos: SharedHellos::default(),
            heads: StreamHeads::new(settings.max_heads, settings.max_head_bytes),
            dns_streams: DnsStreams::new(settings.max_heads),
            queries: PendingQueries::default(),
            fragments: Fragments::new(MAX_PACKETS, MAX_BYTES),
            timer: HandshakeTimer::new(settings.is_live()),
            settings,
            matcher,
            names,
            flow_ids: (worker, workers.max(1)),
            clock_ns: 0,
            next_sweep_ns: 0,
            due: Vec::new(),
            tally: Tally::default(),
            flows: Vec::new(),
            dns: Vec::new(),
        }
    }

    /// Processes one packet.
    #[inline]
    pub fn packet(&mut self, packet: &Packet<'_>) {
        let arrival = Arrival { time_ns: packet.time_ns, interface: packet.interface };
        count_packet(self.tally.view(packet.interface), packet.bytes.len(), packet.wire_len);
        self.tick(packet.time_ns);
        self.timer.observe(arrival);
        match decode(packet.link, packet.bytes, packet.wire_len) {
            Ok(Decoded::Segment(segment)) => self.segment(&segment, arrival),
            Ok(Decoded::Fragment(fragment)) => {
                if self.duplicates.is_duplicate_fragment(&fragment, packet.time_ns) {
                    self.tally.view(packet.interface).duplicate_packets += 1;
                    return;
                }
                self.fragments.add(&fragment, packet.time_ns, packet.interface, &mut self.tally);
                self.process_reassembled();
            }
            Err(rejection) => self.tally.rejected[rejection as usize] += 1,
        }
    }

    /// Processes the packets whose fragments are complete or given up: complete ones are read, others counted.
    #[cold]
    fn process_reassembled(&mut self) {
        while let Some(done) = self.fragments.next_done() {
            let arrival = Arrival { time_ns: done.time_ns, interface: done.interface };
            let decoded = done.packet.as_ref().map_or(Err(Rejection::IpFragment), |packet| packet.decode());
            match decoded {
                Ok(Decoded::Segment(mut segment)) => {
                    if !done.is_complete {
                        segment.payload = &[];
                    }
                    self.segment(&segment, arrival);
                }
                Ok(Decoded::Fragment(inner)) if done.is_complete => {
                    self.fragments.add(&inner, done.time_ns, done.interface, &mut self.tally);
                }
                Ok(Decoded::Fragment(_)) => self.reject(Rejection::IpFragment, done.ip_packets),
                Err(rejection) => self.reject(rejection, done.ip_packets),
            }
        }
    }

    fn reject(&mut self, rejection: Rejection, packets: u32) {
        self.tally.rejected[rejection as usize] += u64::from(packets);
    }

    /// Processes a segment, unless it is a duplicate.
    #[inline]
    fn segment(&mut self, segment: &Segment<'_>, arrival: Arrival) {
        let (key, side) = FlowKey::of(segment);
        let hash = self.table.hash(&key);
        let slot = self.table.find(&key, hash);
        let of_flow = slot.and_then(|slot| self.table.get_mut(slot)).map(|flow| &mut flow.view.duplicates);
        let is_duplicate =
            self.duplicates.is_duplicate(segment, hash ^ side as u64, arrival.time_ns, of_flow);
        let counters = self.tally.view(arrival.interface);
        if is_duplicate {
            counters.duplicate_packets += u64::from(segment.ip_packets);
            return;
        }
        count_segment(counters, segment);
        let sender = Sender { key, side, slot };
        match segment.transport {
            Transport::Tcp { seq, ack, flags } => {
                self.tcp(segment, TcpHeader { seq, ack, flags }, sender, arrival);
            }
            Transport::Udp => self.udp(segment, sender, arrival),
        }
    }

    /// The way of a TCP segment.
    #[inline]
    fn tcp(&mut self, segment: &Segment<'_>, header: TcpHeader, sender: Sender, arrival: Arrival) {
        let side = sender.side;
        let is_new = |flow: &Flow| flow.opening.starts_new_connection(side, header);
        let slot = self.continue_flow(sender.slot, true, arrival.time_ns, is_new);
        let slot = slot.unwrap_or_else(|| self.begin(sender, arrival, None));
        let Some(flow) = self.table.get_mut(slot) else { return };
        flow.traffic.add(side, segment, arrival.time_ns);
        let met = flow.opening.note_segment(side, header, segment.payload_len);
        flow.view.unseen.note_payload(segment.payload.len(), segment.payload_len);
        flow.view.unseen.follow(side, header, segment.payload_len);
        let mut is_closing = false;
        let mut named = flow.keep_first_payload(side, segment, &self.matcher);
        if header.is_control() {
            self.timer.time_segment(&mut flow.view.handshake, &flow.ends, side, header, arrival);
            is_closing = flow.opening.note_control(side, header, &mut flow.ends);
        }
        if !segment.payload.is_empty() && flow.opening.expects_segment(side) {
            let read = |reader: &mut Reader<'_>| reader.read_segment(header, segment);
            named |= flow.read_opening((slot, side), &mut self.heads, &mut self.tally, read);
        }
        if is_closing {
            let due_ns = due_ns(&self.settings, flow, arrival.time_ns);
            self.table.set_due(slot, due_ns);
        }
        self.evaluate(slot, named, met);
        if segment.payload_len > 0 && sender.key.has_port(DNS_PORT) {
            self.read_dns_stream((slot, side), header, segment, arrival);
        }
    }

    /// The way of a UDP datagram.
    #[inline]
    fn udp(&mut self, segment: &Segment<'_>, sender: Sender, arrival: Arrival) {
        let side = sender.side;
        let slot = self.continue_flow(sender.slot, false, arrival.time_ns, |_| false);
        let slot = slot.unwrap_or_else(|| self.begin(sender, arrival, MessageKind::of(segment)));
        let Some(flow) = self.table.get_mut(slot) else { return };
        flow.traffic.add(side, segment, arrival.time_ns);
        let met = flow.opening.note_datagram(side, segment.payload, segment.payload_len);
        flow.view.unseen.note_payload(segment.payload.len(), segment.payload_len);
        let mut named = flow.keep_first_payload(side, segment, &self.matcher);
        let peer = flow.opening.state(1 - side);
        let datagram = (segment.payload, flow.traffic.packets() <= 1);
        self.timer.time_datagram(&mut flow.view.handshake, &flow.ends, (side, peer), datagram, arrival);
        if flow.opening.expects_datagram(side, segment.payload) {
            let sent = flow.traffic.sides()[side].packets;
            let read = |reader: &mut Reader<'_>| reader.read_datagram(segment, sent);
            named |= flow.read_opening((slot, side), &mut self.heads, &mut self.tally, read);
        }
        let messages = flow.messages();
        self.evaluate(slot, named, met);
        if let Some(kind) = messages.filter(|_| !segment.payload.is_empty()) {
            self.read_message(slot, kind, segment, arrival);
        }
    }

    /// Reads the DNS message in a datagram.
    fn read_message(&mut self, slot: u32, kind: MessageKind, segment: &Segment<'_>, arrival: Arrival) {
        let mut messages = Messages::of_datagram(segment, kind, arrival, context!(self));
        messages.process(segment.payload);
        let query = messages.fallback_query();
        if let Some(flow) = self.table.get_mut(slot) {
            flow.note_query(query);
        }
    }

    /// Reads the DNS messages that a segment completes.
    fn read_dns_stream(
        &mut self,
        at: (u32, usize),
        header: TcpHeader,
        segment: &Segment<'_>,
        arrival: Arrival,
    ) {
        let (slot, side) = at;
        let Some(flow) = self.table.get_mut(slot) else { return };
        let part =
            StreamPart { seq: header.first_byte(), bytes: segment.payload, wire_bytes: segment.payload_len };
        let mut messages = Messages::of_stream(&flow.ends, side, arrival, context!(self));
        self.dns_streams.follow(at, flow.opening.stream_start(side), part, &mut messages);
        flow.note_query(messages.fallback_query());
    }
}
