//! The way of a packet, on one screen: decode → flow → opening → name → tag → report.

use crate::capture::Packet;
use crate::counters::tally::Tally;
use crate::flow::accounting::count_ended_flow;
use crate::flow::dns::{Kind, Messages, DNS_PORT};
use crate::flow::dns_stream::{DnsStreams, Part};
use crate::flow::dns_use;
use crate::flow::ech;
use crate::flow::names::Names;
use crate::flow::naming::{look_up, resolve};
use crate::flow::record::{Flow, NO_ENTRY};
use crate::flow::report::{report, DnsReport, FlowReport, Occasion};
use crate::flow::table::Table;
use crate::opening::{Reader, SharedHellos};
use crate::reassembly::fragments::{Fragments, MAX_BYTES, MAX_PACKETS};
use crate::reassembly::stream_heads::StreamHeads;
use crate::settings::Settings;
use crate::tag::Matcher;
use crate::types::arrival::Arrival;
use crate::types::end_reason::EndReason;
use crate::types::flow_key::FlowKey;
use crate::types::tcp_header::TcpHeader;
use crate::view::counting::count_packet;
use crate::view::counting::count_segment;
use crate::view::duplicates::Duplicates;
use crate::view::handshake_timer::HandshakeTimer;
use crate::wire::decode::{decode, Decoded};
use crate::wire::{flags, Rejection, Segment, Transport};
use std::sync::Arc;

mod upkeep;

/// One worker's view of the traffic. Time is the packets' time.
pub struct Monitor {
    settings: Settings,
    matcher: Arc<Matcher>,
    names: Arc<Names>,
    table: Table,
    duplicates: Duplicates,
    heads: StreamHeads,
    hellos: SharedHellos,
    dns_streams: DnsStreams,
    fragments: Fragments,
    timer: HandshakeTimer,
    flow_ids: (u64, u64),
    clock_ns: u64,
    next_sweep_ns: u64,
    due: Vec<u32>,
    tally: Tally,
    /// Reports on flows that nobody has taken yet.
    pub flows: Vec<FlowReport>,
    /// DNS messages that nobody has taken yet.
    pub dns: Vec<DnsReport>,
}

impl Monitor {
    /// Flow numbers are `worker`, `worker + workers`, …, so that those of several workers differ.
    pub fn new(
        settings: Settings,
        matcher: Arc<Matcher>,
        names: Arc<Names>,
        (worker, workers): (u64, u64),
    ) -> Self {
        Self {
            table: Table::new(settings.max_flows),
            duplicates: Duplicates::new(settings.duplicate_window_ns),
            hellos: SharedHellos::default(),
            heads: StreamHeads::new(settings.max_heads, settings.max_head_bytes),
            dns_streams: DnsStreams::new(settings.max_heads),
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

    /// Takes one packet.
    #[inline]
    pub fn packet(&mut self, packet: &Packet<'_>) {
        count_packet(self.tally.view(packet.interface), packet.bytes.len(), packet.wire_len);
        self.tick(packet.time_ns);
        self.timer.observe(Arrival { time_ns: packet.time_ns, interface: packet.interface });
        match decode(packet.link, packet.bytes, packet.wire_len) {
            Ok(Decoded::Segment(segment)) => self.segment(&segment, packet),
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

    /// Takes the packets that are over in the table of fragments: whole ones are read, others counted.
    #[cold]
    fn process_reassembled(&mut self) {
        while let Some(gathered) = self.fragments.next_done() {
            let (time_ns, interface) = (gathered.time_ns, gathered.interface);
            let decoded = gathered.packet.as_ref().map_or(Err(Rejection::IpFragment), |whole| whole.decode());
            match decoded {
                Ok(Decoded::Segment(mut segment)) => {
                    if !gathered.is_complete {
                        segment.payload = &[];
                    }
                    let packet =
                        Packet { time_ns, link: 0, interface, wire_len: segment.ip_bytes, bytes: &[] };
                    self.segment(&segment, &packet);
                }
                Ok(Decoded::Fragment(inner)) if gathered.is_complete => {
                    self.fragments.add(&inner, time_ns, interface, &mut self.tally);
                }
                Ok(Decoded::Fragment(_)) => self.reject(Rejection::IpFragment, gathered.ip_packets),
                Err(rejection) => self.reject(rejection, gathered.ip_packets),
            }
        }
    }

    fn reject(&mut self, rejection: Rejection, packets: u32) {
        self.tally.rejected[rejection as usize] += u64::from(packets);
    }

    #[inline]
    fn segment(&mut self, segment: &Segment<'_>, packet: &Packet<'_>) {
        let now_ns = packet.time_ns;
        let seen = Arrival { time_ns: now_ns, interface: packet.interface };
        let (key, side) = FlowKey::of(segment);
        let header = match segment.transport {
            Transport::Tcp { seq, ack, flags } => Some(TcpHeader { seq, ack, flags }),
            Transport::Udp => None,
        };
        let hash = self.table.hash(&key);
        let mut known = self.table.find(&key, hash);
        let duplicates =
            known.and_then(|slot| self.table.get_mut(slot)).map(|flow| &mut flow.view.duplicates);
        let is_duplicate = self.duplicates.is_duplicate(segment, hash ^ side as u64, now_ns, duplicates);
        let counters = self.tally.view(packet.interface);
        if is_duplicate {
            counters.duplicate_packets += u64::from(segment.ip_packets);
            return;
        }
        count_segment(counters, segment);
        if let Some(slot) = known {
            if let Some(end) = self.end_before(slot, side, header, now_ns) {
                self.end(slot, end);
                known = None;
            }
        }
        let slot = known.unwrap_or_else(|| self.begin(key, now_ns, packet.interface, side));
        let Some(flow) = self.table.get_mut(slot) else { return };
        flow.traffic.add(side, segment, now_ns);
        flow.view.unseen.note_payload(segment.payload.len(), segment.payload_len);
        let mut named = flow.keep_first_payload(side, segment, &self.matcher);
        match header {
            Some(header) => {
                flow.view.unseen.follow(side, header, segment.payload_len);
                self.timer.time_segment(&mut flow.view.handshake, &flow.ends, side, header, seen);
                let was_closed = flow.opening.is_closed();
                if header.flags & (flags::SYN | flags::FIN | flags::RST) != 0 {
                    flow.opening.note_control(side, header, &mut flow.ends);
                }
                if !segment.payload.is_empty() && flow.opening.expects_segment(side) {
                    let (heads, tally) = (&mut self.heads, &mut self.tally);
                    let read = |reader: &mut Reader<'_>| reader.read_segment(header, segment);
                    named |= flow.read_opening((slot, side), heads, tally, read);
                }
                if flow.opening.is_closed() && !was_closed {
                    let due_ns = self.settings.due_ns(flow, now_ns);
                    self.table.set_due(slot, due_ns);
                }
                if named {
                    self.opened(slot);
                }
                if segment.payload_len > 0 && key.ports.contains(&DNS_PORT) {
                    self.dns_segment(slot, side, header.first_byte(), segment, now_ns);
                }
            }
            None => {
                if known.is_none() {
                    flow.messages = Kind::of(segment);
                }
                let messages = flow.messages;
                let is_first = flow.traffic.packets() <= 1;
                self.timer.time_datagram(
                    &mut flow.view.handshake,
                    &flow.ends,
                    (side, flow.opening.state(1 - side)),
                    (segment.payload, is_first),
                    seen,
                );
                if flow.opening.expects_datagram(side, segment.payload) {
                    let (heads, tally) = (&mut self.heads, &mut self.tally);
                    let sent = flow.traffic.sides()[side].packets;
                    let read = |reader: &mut Reader<'_>| reader.read_datagram(segment, sent);
                    named |= flow.read_opening((slot, side), heads, tally, read);
                }
                if named {
                    self.opened(slot);
                }
                if let Some(kind) = messages.filter(|_| !segment.payload.is_empty()) {
                    self.message(slot, kind, segment, now_ns);
                }
            }
        }
    }

    /// Why the flow in a slot is over before this segment, if it is.
    #[inline]
    fn end_before(
        &mut self,
        slot: u32,
        side: usize,
        header: Option<TcpHeader>,
        now_ns: u64,
    ) -> Option<EndReason> {
        let timeout_ns = self.settings.timeout_ns(header.is_some());
        let flow = self.table.get_mut(slot)?;
        if flow.traffic.silence_ns(now_ns) > timeout_ns {
            return Some(flow.opening.end_reason(EndReason::Idle));
        }
        let anew = header.is_some_and(|header| flow.opening.starts_new_connection(side, header));
        anew.then(|| flow.opening.end_reason(EndReason::Reused))
    }

    fn begin(&mut self, key: FlowKey, now_ns: u64, interface: u16, side: usize) -> u32 {
        if self.table.is_full() {
            if let Some(slot) = self.table.oldest_of_some() {
                self.tally.flows_evicted += 1;
                self.end(slot, EndReason::Evicted);
            }
        }
        let id = self.flow_ids.0;
        self.flow_ids.0 += self.flow_ids.1;
        self.tally.flows += 1;
        let mut flow = Flow::new(key, id, now_ns, interface, side);
        look_up(&mut flow, &self.names);
        let due_ns = self.settings.due_ns(&flow, now_ns);
        self.table.insert(flow, due_ns)
    }

    fn end(&mut self, slot: u32, end: EndReason) {
        let Some(flow) = self.table.get_mut(slot) else { return };
        flow.finish_opening(slot, &mut self.heads, &mut self.tally);
        if flow.ends.is_tcp() && flow.ends.has_port(DNS_PORT) {
            for side in [0, 1] {
                let reports = self.settings.every_flow.then_some(&mut self.dns);
                let (names, matcher, tally) = (&*self.names, &*self.matcher, &mut self.tally);
                let time_ns = flow.traffic.last_ns();
                let mut messages = Messages::of_stream(flow, side, time_ns, names, matcher, tally, reports);
                self.dns_streams.close(slot, side, &mut messages);
                dns_use::note_question(flow, messages.asked);
            }
        }
        let Some(mut flow) = self.table.remove(slot) else { return };
        look_up(&mut flow, &self.names);
        dns_use::follow(&mut flow, &self.names, &self.matcher);
        let resolution = resolve(&flow, &self.matcher);
        let tagged = resolution.entry != NO_ENTRY;
        count_ended_flow(&mut self.tally, &flow, &resolution);
        if tagged || dns_use::is_reported(&flow) || flow.reported || self.settings.every_flow {
            self.flows.push(report(&mut flow, Occasion::End(end), &self.matcher, self.timer.interception()));
        }
    }

    /// A flow's hello was read.
    fn opened(&mut self, slot: u32) {
        if let Some(flow) = self.table.get_mut(slot) {
            ech::judge(flow, &self.names, &self.matcher);
            if let Some(naming) = flow.naming.as_deref_mut() {
                naming.disclosed.share_hello(&mut self.hellos);
            }
            dns_use::follow(flow, &self.names, &self.matcher);
        }
        if self.settings.is_live() {
            self.decide(slot);
        }
    }

    /// Names and tags a live flow, and reports it if it is somebody's.
    fn decide(&mut self, slot: u32) {
        let Some(flow) = self.table.get_mut(slot) else { return };
        look_up(flow, &self.names);
        dns_use::follow(flow, &self.names, &self.matcher);
        flow.entry = resolve(flow, &self.matcher).entry;
        flow.decided = true;
        let wanted = flow.entry != NO_ENTRY || dns_use::is_reported(flow);
        if wanted && !flow.reported {
            self.flows.push(report(flow, Occasion::Open, &self.matcher, self.timer.interception()));
        }
    }

    /// Takes in a message in a datagram.
    fn message(&mut self, slot: u32, kind: Kind, segment: &Segment<'_>, now_ns: u64) {
        let reports = self.settings.every_flow.then_some(&mut self.dns);
        let (names, matcher, tally) = (&*self.names, &*self.matcher, &mut self.tally);
        let mut messages = Messages::of_datagram(segment, kind, now_ns, names, matcher, tally, reports);
        messages.take(segment.payload);
        if let (Some(flow), asked) = (self.table.get_mut(slot), messages.asked) {
            dns_use::note_question(flow, asked);
        }
    }

    /// Follows DNS over TCP.
    fn dns_segment(&mut self, slot: u32, side: usize, seq: u32, segment: &Segment<'_>, now_ns: u64) {
        let Some(flow) = self.table.get_mut(slot) else { return };
        let part = Part { seq, bytes: segment.payload, wire_bytes: segment.payload_len };
        let reports = self.settings.every_flow.then_some(&mut self.dns);
        let (names, matcher, tally) = (&*self.names, &*self.matcher, &mut self.tally);
        let mut messages = Messages::of_stream(flow, side, now_ns, names, matcher, tally, reports);
        let start = flow.opening.stream_start(side);
        self.dns_streams.follow((slot, side), start, part, &mut messages);
        dns_use::note_question(flow, messages.asked);
    }
}
