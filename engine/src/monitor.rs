//! The path of a packet, on one screen: decode → flow → view → opening → name → report.

mod clocks;
mod contest;
mod dns_messages;
mod held_packets;
mod keeping;
mod lifecycle;
mod machine_messages;
mod ordinary;
mod pending_syns;
mod recall;
mod sieve_offers;
mod sieving;
mod state;
mod timekeeping;
mod upkeep;

pub use self::state::Monitor;

use self::contest::Owner;
use self::keeping::Role;
use self::machine_messages::may_name_machines;
use self::pending_syns::PendingSegment;
use self::state::{Sender, Unsettled};
use self::timekeeping::Timed;
use self::upkeep::{WITHOUT_PACKETS, WITH_PACKET};
use crate::capture::Packet;
use crate::flow::{due_ns, Flow};
use crate::kept::captured::Captured;
use crate::kept::kept_packet::Shows;
use crate::opening::Reader;
use crate::resolution::MessageKind;
use crate::types::arrival::Arrival;
use crate::types::flow_key::FlowKey;
use crate::types::tcp_header::TcpHeader;
use crate::view::counting::{count_packet, count_segment};
use crate::view::handshake_timer::TimedPacket;
use crate::view::unseen_data::Revealed;
use crate::wire::decode::{decode, plain_segment, Decoded};
use crate::wire::quic::{may_be_long_header, may_be_short_header};
use crate::wire::{flags, Rejection, Segment, Transport};

impl Monitor {
    /// Processes one packet, unless it waits for those after it to confirm its time.
    #[inline(always)] // the path of every packet
    pub fn packet(&mut self, packet: &Packet<'_>) {
        self.tally.bytes += u64::from(packet.wire_len);
        count_packet(self.tally.view(packet.interface), packet.bytes.len(), packet.wire_len);
        match self.clocks.read(packet.interface, packet.time_ns) {
            Some(time_ns) if self.held.is_empty() => self.process(packet, time_ns),
            _ => self.settle(*packet),
        }
    }

    /// Processes a packet whose time does not agree with those before it, or that follows such packets.
    #[cold]
    fn settle(&mut self, packet: Packet<'_>) {
        match self.time_live(&packet) {
            Some(timed) => self.process_timed(&packet, timed),
            None => {
                self.held.add(&packet);
                self.process_held(false);
            }
        }
    }

    /// Processes the packets that wait, as far as their times are known now; all of them if no others follow.
    fn process_held(&mut self, are_last: bool) {
        while let Some((held, timed)) = self.next_held(are_last) {
            self.process_timed(&held.packet(), timed);
            self.held.give_back(held);
        }
    }

    /// Processes a packet. One whose time is wrong measures no round trip.
    #[cold]
    fn process_timed(&mut self, packet: &Packet<'_>, timed: Timed) {
        if !timed.is_own {
            self.tally.view(packet.interface).misdated_packets += 1;
            self.timer.distrust_clocks();
        }
        self.process(packet, timed.time_ns);
        if !timed.is_own {
            self.timer.distrust_clocks();
        }
    }

    /// Processes a packet that arrived at a time.
    #[inline(always)] // the path of every packet; the other caller is cold
    fn process(&mut self, packet: &Packet<'_>, time_ns: u64) {
        let Packet { interface, number, .. } = *packet;
        let arrival = Arrival { time_ns, interface, number };
        self.sweep_if_due(WITH_PACKET);
        self.timer.observe(arrival);
        let Some(segment) = plain_segment(packet.link, packet.bytes, &self.ports) else {
            return self.process_other(*packet, time_ns);
        };
        self.segment(&segment, arrival, &Captured::Whole(*packet));
    }

    /// Processes a packet that is no plain one.
    #[inline(never)]
    fn process_other(&mut self, packet: Packet<'_>, time_ns: u64) {
        let Packet { interface, number, .. } = packet;
        let arrival = Arrival { time_ns, interface, number };
        match decode(packet.link, packet.bytes, packet.wire_len, &self.ports) {
            Ok(Decoded::Segment(segment)) => {
                self.other_segment(segment, arrival, Captured::Whole(packet));
            }
            Ok(Decoded::Fragment(mut fragment)) => {
                fragment.packet.realm = self.settings.separate_by.realm(fragment.realm, interface);
                if self.duplicates.is_duplicate_fragment(&fragment, time_ns) {
                    self.tally.view(packet.interface).duplicate_packets += 1;
                    return;
                }
                if self.kept.are_kept() {
                    self.fragment_packets.add(fragment.packet, &packet);
                }
                self.fragments.add(&fragment, time_ns, interface, &mut self.tally);
                self.process_reassembled(number);
            }
            Err(undecoded) => self.tally.count_undecoded(undecoded, interface, 1),
        }
    }

    /// Processes packets whose fragments are complete or were given up: complete ones are read, others only counted.
    /// `number` is that of the packet with the latest fragment.
    #[cold]
    fn process_reassembled(&mut self, number: u64) {
        while let Some(done) = self.fragments.next_done() {
            let arrival = Arrival { time_ns: done.time_ns, interface: done.interface, number };
            let packets = self.take_fragments(&done);
            let captured = Captured::Fragments(&packets);
            let decoded = done
                .packet
                .as_ref()
                .map_or(Err(Rejection::IpFragment.into()), |packet| packet.decode(&self.ports));
            match decoded {
                Ok(Decoded::Segment(mut segment)) => {
                    let payload = segment.payload;
                    if !done.is_complete {
                        segment.payload = &[];
                    }
                    self.other_segment(segment, arrival, captured);
                    if !done.is_complete && !done.is_invalid {
                        segment.payload = payload;
                        self.read_beginning(&segment, arrival);
                    }
                }
                Ok(Decoded::Fragment(mut inner)) if done.is_complete => {
                    inner.packet.realm = self.settings.separate_by.realm(inner.realm, done.interface);
                    packets.into_iter().for_each(|one| self.fragment_packets.add_kept(inner.packet, one));
                    self.fragments.add(&inner, done.time_ns, done.interface, &mut self.tally);
                }
                Ok(Decoded::Fragment(_)) => {
                    self.tally.count_undecoded(Rejection::IpFragment.into(), done.interface, done.ip_packets);
                }
                Err(undecoded) => self.tally.count_undecoded(undecoded, done.interface, done.ip_packets),
            }
        }
    }

    /// As `segment`, for the segment of a packet that is no plain one.
    #[inline(never)]
    fn other_segment(&mut self, segment: Segment<'_>, arrival: Arrival, captured: Captured<'_>) {
        self.segment(&segment, arrival, &captured);
    }

    /// Processes a segment, unless it repeats one.
    #[inline(always)] // the path of every packet; the other caller is cold
    fn segment(&mut self, segment: &Segment<'_>, arrival: Arrival, captured: &Captured<'_>) {
        let realm = self.settings.separate_by.realm(segment.realm, arrival.interface);
        let found = self.find_current(segment, realm);
        let is_data = self.continue_with_data(segment, found, arrival);
        if !is_data && self.skip_duplicate(segment, found, arrival) {
            return;
        }
        count_segment(self.tally.view(arrival.interface), segment);
        if !is_data && !self.continue_settled(segment, found, arrival) {
            let sender = Sender { key: FlowKey::of(segment, realm).0, side: found.side, slot: found.slot };
            self.read(Unsettled { segment: *segment, sender, arrival, captured: *captured });
        }
        self.offer_now_and_then(segment.realm, found);
    }

    /// Reads a segment that may show something new.
    #[inline(never)]
    fn read(&mut self, unsettled: Unsettled<'_>) {
        let Unsettled { segment, sender, arrival, captured } = unsettled;
        let captured = self.kept.are_kept().then_some(&captured);
        match segment.transport {
            Transport::Tcp { seq, ack, flags } => {
                self.reclaim(sender.slot);
                self.tcp(&segment, TcpHeader { seq, ack, flags }, sender, arrival, captured);
            }
            Transport::Udp => {
                if !may_be_short_header(segment.payload) {
                    self.reclaim(sender.slot);
                }
                self.udp(&segment, sender, arrival, captured);
            }
        }
    }

    /// The path of a TCP segment.
    #[inline]
    fn tcp(
        &mut self,
        segment: &Segment<'_>,
        header: TcpHeader,
        sender: Sender,
        arrival: Arrival,
        captured: Option<&Captured<'_>>,
    ) {
        let side = sender.side;
        let is_new = |flow: &Flow| flow.opening.is_closed() && flow.starts_new_connection(side, header);
        let mut slot = self.continue_flow(sender.slot, true, arrival.time_ns, is_new);
        let is_clear = header.flags & flags::SYN == 0 && self.pending.is_empty();
        if let Some(running) = slot.filter(|slot| !is_clear || self.is_beside_rest(*slot)) {
            slot = match self.contest(running, segment, header, (sender, arrival), captured) {
                Owner::Flow(slot) => Some(slot),
                Owner::Next(segments) => self.follow_pending(&segments, sender),
                Owner::Unknown => return,
            };
        }
        self.follow_tcp(slot, segment, header, (sender, arrival), captured);
    }

    /// Processes the segments with which another connection took the place of one; returns the slot of its flow.
    #[cold]
    fn follow_pending(&mut self, segments: &[PendingSegment], sender: Sender) -> Option<u32> {
        for one in segments {
            let slot = self.table.find(&sender.key);
            let sender = Sender { side: one.side, slot, ..sender };
            let packet = one.packet();
            let captured = one.captured(packet.as_ref());
            self.follow_tcp(slot, &one.segment(), one.header, (sender, one.arrival), captured.as_ref());
        }
        self.table.find(&sender.key)
    }

    /// As `tcp`, for a segment that belongs to the flow in a slot, or begins one.
    #[inline]
    fn follow_tcp(
        &mut self,
        slot: Option<u32>,
        segment: &Segment<'_>,
        header: TcpHeader,
        (sender, arrival): (Sender, Arrival),
        captured: Option<&Captured<'_>>,
    ) {
        let side = sender.side;
        let slot =
            slot.unwrap_or_else(|| self.admit(sender, arrival, segment, MessageKind::of_stream(segment)));
        let Some(flow) = self.table.get_mut(slot) else { return };
        flow.add(side, segment, arrival.time_ns);
        let mut met = flow.opening.note_segment(side, header, segment.payload_len);
        let is_stray = header.is_control() && flow.is_stray(side, header);
        let revealed = flow.follow_numbers(side, header, segment.payload_len, is_stray);
        if revealed != Revealed::default() {
            met |= flow.opening.note_unseen(side, header, revealed);
        }
        let mut is_closing = false;
        let mut named = flow.keep_first_payload(side, segment, &self.matcher);
        let before = captured.map(|_| flow.view.handshake.stage());
        let packet = TimedPacket { ends: &flow.ends, side, arrival };
        if segment.payload_len > 0 {
            let first_byte = flow.opening.stream_start(flow.ends.client_side());
            self.timer.time_data(&mut flow.view.handshake, packet, header, first_byte);
        }
        if header.is_control() && !is_stray {
            self.timer.time_segment(&mut flow.view.handshake, packet, header);
            is_closing = flow.opening.note_control(side, header, &mut flow.ends);
        }
        let reads = !segment.payload.is_empty() && flow.opening.expects_segment(side);
        if reads {
            flow.recognise_messages(side, segment);
            let read = |reader: &mut Reader<'_>| reader.read_segment(header, segment);
            named |= flow.read_opening((slot, side), &mut self.heads, &mut self.tally, read);
        }
        let message_kind = flow.message_kind();
        flow.note_settled();
        let kept = captured.zip(before).map(|(captured, before)| {
            let is_by_client = side == flow.ends.client_side();
            let own = Shows::of_segment(header, segment.payload_len, message_kind.is_some(), is_by_client);
            (captured, Role { side, own, reads, named, met, before }.shows(flow))
        });
        if is_closing {
            let due_ns = due_ns(&self.settings, flow, arrival.time_ns);
            self.table.set_due(slot, due_ns);
        }
        if let Some((captured, shows)) = kept.filter(|(_, shows)| !shows.is_empty()) {
            self.keep(slot, side, captured, shows);
        }
        self.evaluate(slot, arrival, named, met);
        if let Some(kind) = message_kind.filter(|_| segment.payload_len > 0) {
            self.read_dns_stream((slot, side), kind, header, segment, arrival);
        }
    }

    /// The path of a UDP datagram.
    #[inline(always)]
    fn udp(
        &mut self,
        segment: &Segment<'_>,
        sender: Sender,
        arrival: Arrival,
        captured: Option<&Captured<'_>>,
    ) {
        let side = sender.side;
        let mut slot = self.continue_flow(sender.slot, false, arrival.time_ns, |_| false);
        if let Some(other) = slot.filter(|slot| self.is_beside_rest(*slot)) {
            slot = self.contest_quic(other, segment, sender);
        }
        let slot = slot.unwrap_or_else(|| self.admit(sender, arrival, segment, MessageKind::of(segment)));
        let Some(flow) = self.table.get_mut(slot) else { return };
        flow.add(side, segment, arrival.time_ns);
        let met = flow.opening.note_datagram(side, segment.payload, segment.payload_len, &flow.ends);
        let mut named = flow.keep_first_payload(side, segment, &self.matcher);
        let peer = flow.opening.state(1 - side);
        let is_first = flow.traffic.packets() <= 1;
        let before = captured.map(|_| flow.view.handshake.stage());
        let packet = TimedPacket { ends: &flow.ends, side, arrival };
        self.timer.time_datagram(&mut flow.view.handshake, packet, segment.payload, peer, is_first);
        let reads = flow.opening.expects_datagram(side, segment.payload);
        if reads {
            let sent = flow.traffic.sides()[side].packets;
            let read = |reader: &mut Reader<'_>| reader.read_datagram(segment, sent);
            named |= flow.read_opening((slot, side), &mut self.heads, &mut self.tally, read);
        }
        let message_kind = flow.message_kind();
        let may_be_lease = may_name_machines(segment);
        flow.note_settled_quic(may_be_lease);
        let is_handshake = flow.opening.quic().is_some() && may_be_long_header(segment.payload);
        let kept = captured.zip(before).map(|(captured, before)| {
            let own = message_kind.map(|_| Shows::of_message(segment.payload)).unwrap_or_default();
            (captured, Role { side, own, reads, named, met, before }.shows(flow))
        });
        let packets = match kept.filter(|(_, shows)| !shows.is_empty()) {
            Some((captured, shows)) => self.keep(slot, side, captured, shows),
            None => Vec::new(),
        };
        if may_be_lease {
            self.read_lease(segment, sender.key.realm, arrival.time_ns);
        }
        self.evaluate(slot, arrival, named, met);
        if is_handshake {
            self.remember_quic(slot, side, segment.payload);
        }
        if let Some(kind) = message_kind.filter(|_| !segment.payload.is_empty()) {
            self.read_message((slot, sender.key.realm), kind, segment, arrival, packets);
        }
    }

    /// Advances the clock; live capture calls it while no packets arrive.
    #[inline]
    pub fn tick(&mut self, now_ns: u64) {
        self.process_held(true);
        self.clocks.advance(now_ns);
        self.sweep_if_due(WITHOUT_PACKETS);
    }

    #[inline]
    fn sweep_if_due(&mut self, most: usize) {
        if self.clocks.now_ns() >= self.next_sweep_ns {
            self.sweep(most);
        }
    }

    /// Does what is due once a second; of what is due for flows, so many of them.
    #[cold]
    fn sweep(&mut self, most: usize) {
        if !self.is_behind() && self.clocks.now_ns() >= self.next_upkeep_ns {
            self.fragments.expire(self.clocks.now_ns(), &mut self.tally);
            self.process_reassembled(0);
            self.begin_upkeep();
        }
        self.maintain_due(most);
    }

    /// Ends every flow, in order of their numbers.
    pub fn finish(&mut self) {
        self.process_held(true);
        self.fragments.finish(&mut self.tally);
        self.process_reassembled(0);
        self.end_flows();
    }
}
