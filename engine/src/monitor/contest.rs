//! Two connections between the same ends: whose segments are whose, and when another one has taken the place of the one
//! that runs or rests. A segment that nothing answers changes nothing.

use super::pending_syns::{count_unanswered, PendingSegment, PendingSyn};
use super::state::{Monitor, Sender};
use crate::flow::{due_ns, Flow};
use crate::kept::captured::Captured;
use crate::types::arrival::Arrival;
use crate::types::end_reason::EndReason;
use crate::types::flow_key::FlowKey;
use crate::types::tcp_header::TcpHeader;
use crate::types::volume::Volume;
use crate::wire::flags::{ACK, RST, SYN};
use crate::wire::Segment;

const SYN_ACK: u8 = SYN | ACK;
/// What follows a SYN before it is answered, or answers it, has numbers this near to it at most.
const MAX_FIRST_BYTES: u32 = 1 << 16;

/// The connection that a segment belongs to.
pub(super) enum Owner {
    /// The one of the flow in this slot.
    Flow(u32),
    /// Another one, that has taken its place with these segments, of which it has no flow yet.
    Next(Vec<PendingSegment>),
    /// Nothing shows it yet: the segment waits.
    Unknown,
}

/// What a segment is to a SYN that waits.
enum Relation {
    /// Nothing.
    None,
    /// It follows the SYN, and does not show that anyone answered it.
    Follows,
    /// It shows that the SYN was answered.
    Answers,
}

impl Monitor {
    /// To which connection a segment belongs, if `slot` has a flow of the same ends.
    #[cold]
    pub(super) fn contest(
        &mut self,
        slot: u32,
        segment: &Segment<'_>,
        header: TcpHeader,
        (sender, arrival): (Sender, Arrival),
        captured: Option<&Captured<'_>>,
    ) -> Owner {
        let side = sender.side;
        if self.goes_on(slot, header, sender) {
            return self.resume(slot, segment, sender).map_or_else(|| Owner::Next(Vec::new()), Owner::Flow);
        }
        let own = |with_payload| PendingSegment::of(segment, (side, header), arrival, captured, with_payload);
        let has_room = self.pending.has_room();
        if self.table.get(slot).is_some_and(|flow| flow.starts_new_connection(side, header)) {
            let first_byte = header.first_byte();
            if self.pending.of(slot).any(|syn| (syn.side, syn.first_byte) == (side, first_byte)) {
                if !self.pending.extend(slot, first_byte, own(has_room)) {
                    self.count_repeated(slot, side, segment);
                }
                return Owner::Unknown;
            }
            if let Some(evicted) = self.pending.add(slot, own(has_room)) {
                self.tally.evicted.pending_syns += 1;
                count_unanswered(&[*evicted], &mut self.table);
            }
            return Owner::Unknown;
        }
        let Some(flow) = self.table.get(slot) else { return Owner::Flow(slot) };
        let relations: Vec<_> =
            self.pending.of(slot).map(|syn| (relation(flow, syn, side, header), syn.first_byte)).collect();
        if relations.iter().any(|(relation, _)| matches!(relation, Relation::Answers)) {
            return Owner::Next(self.take_place(slot, header, sender));
        }
        let follows = relations.iter().find(|(relation, _)| matches!(relation, Relation::Follows));
        if follows.is_some_and(|(_, first_byte)| self.pending.extend(slot, *first_byte, own(has_room))) {
            return Owner::Unknown;
        }
        if flow.naming.is_beside_rest() && is_answer(flow, side, header) {
            self.forget_rest(slot, &sender.key);
        }
        Owner::Flow(slot)
    }

    /// Counts a repeated SYN that there is no more room for, as if it were never answered.
    fn count_repeated(&mut self, slot: u32, side: usize, syn: &Segment<'_>) {
        let mut volumes = [Volume::default(); 2];
        volumes[side & 1] = Volume::of(syn);
        if let Some(flow) = self.table.get_mut(slot) {
            flow.traffic.add_volumes(volumes);
        }
    }

    /// A flow began between the ends of a connection that rests, and nothing shows yet that it is more than stray packets.
    #[inline]
    pub(super) fn is_beside_rest(&self, slot: u32) -> bool {
        self.table.get(slot).is_some_and(|flow| flow.naming.is_beside_rest())
    }

    /// A segment belongs to the connection that rests between the ends of a flow, whatever came in between.
    fn goes_on(&self, slot: u32, header: TcpHeader, sender: Sender) -> bool {
        self.is_beside_rest(slot)
            && self.idle.find_tcp(&sender.key).is_some_and(|one| one.fits(sender.side, header))
    }

    /// A SYN that waits was answered: its connection takes the place of the one that ran. Returns its first segments.
    fn take_place(&mut self, slot: u32, header: TcpHeader, sender: Sender) -> Vec<PendingSegment> {
        let Some(flow) = self.table.get(slot) else { return Vec::new() };
        let is_answered = |syn: &PendingSyn| {
            let is_own =
                header.flags & SYN != 0 && (syn.side, syn.first_byte) == (sender.side, header.first_byte());
            is_own || matches!(relation(flow, syn, sender.side, header), Relation::Answers)
        };
        let answered = self.pending.take(slot, is_answered);
        if flow.opening.had_payload() {
            let reason = flow.opening.end_reason(EndReason::Reused);
            self.end(slot, reason);
        }
        if header.flags & SYN_ACK == SYN_ACK && answered.iter().any(|syn| syn.side != sender.side) {
            self.forget_rest(slot, &sender.key);
        }
        let mut segments: Vec<PendingSegment> = answered.into_iter().flat_map(|syn| syn.segments).collect();
        segments.sort_by_key(|one| one.arrival.time_ns);
        segments
    }

    /// The flow of the segment is one that began beside a QUIC connection between the same hosts: whose the segment is shows its
    /// connection ID, or without one, unless the flow has a handshake, its ports. None if it begins a flow.
    #[cold]
    pub(super) fn contest_quic(&mut self, slot: u32, segment: &Segment<'_>, sender: Sender) -> Option<u32> {
        let has_handshake = self.table.get(slot)?.opening.quic().is_some();
        let owner = self.idle.quic_owner(&sender.key, sender.side, segment.payload);
        let Some((first_id, client)) = owner.filter(|owner| owner.1 == sender.side || !has_handshake) else {
            return Some(slot);
        };
        let flow = self.table.get_mut(slot)?;
        if flow.first_id() != first_id {
            return self.resume(slot, segment, sender);
        }
        flow.naming.note_rest(client != sender.side); // its client uses the ID that the server chose
        Some(slot)
    }

    /// A connection that rests goes on with a segment, after stray ones that began a flow: that is its flow now. Returns its
    /// slot; None if it begins a flow, because the stray ones disclosed something, with which theirs ends.
    fn resume(&mut self, slot: u32, segment: &Segment<'_>, sender: Sender) -> Option<u32> {
        let flow = self.table.get_mut(slot)?;
        flow.finish_opening(slot, &mut self.heads, &mut self.tally);
        if flow.has_disclosed() {
            self.end(slot, EndReason::Reused);
            return None;
        }
        let (id, number) = (flow.id(), flow.first_packet());
        let arrival = Arrival { time_ns: flow.traffic.start_ns(), interface: flow.interface(), number };
        let resumed = self.resume_flow(sender, id, arrival, segment)?;
        let mut resumed = resumed.with_strays(self.table.remove(slot)?);
        resumed.look_up_names(&self.names, &self.matcher);
        let due_ns = due_ns(&self.settings, &resumed, arrival.time_ns);
        let slot = self.table.insert(resumed, due_ns); // the same, for which SYNs may wait
        if self.settings.reports_openings() {
            self.decide(slot);
        }
        Some(slot)
    }

    /// Another connection has taken the place of the one that rests between the ends of a flow: that is forgotten.
    fn forget_rest(&mut self, slot: u32, key: &FlowKey) {
        self.idle.take_tcp(key);
        if let Some(flow) = self.table.get_mut(slot) {
            flow.naming.note_rest(false);
        }
    }
}

/// A segment of `side` answers the SYN with which a flow began, or is the SYN that was answered, if that comes late.
fn is_answer(flow: &Flow, side: usize, header: TcpHeader) -> bool {
    let acknowledges = |first_byte: u32| header.ack.wrapping_sub(first_byte) <= MAX_FIRST_BYTES;
    let first_byte = flow.opening.stream_start(1 - side).filter(|_| flow.opening.is_started());
    match header.flags & (SYN | ACK | RST) {
        SYN_ACK => first_byte.is_some_and(acknowledges),
        SYN => first_byte.is_some() && flow.view.unseen.has_reached(side, header.first_byte()),
        _ => false,
    }
}

/// What a segment of `side` is to a SYN that waits between the ends of `flow`.
fn relation(flow: &Flow, syn: &PendingSyn, side: usize, header: TcpHeader) -> Relation {
    let is_handshake = header.flags & (SYN | RST) != 0;
    if header.flags & ACK == 0 || (!is_handshake && flow.view.unseen.is_continued_by(side, header)) {
        return Relation::None;
    }
    if syn.side != side {
        let most = if is_handshake { syn.payload_len } else { MAX_FIRST_BYTES };
        let is_answer = header.ack.wrapping_sub(syn.first_byte) <= most;
        return if is_answer { Relation::Answers } else { Relation::None };
    }
    if is_handshake || header.seq.wrapping_sub(syn.first_byte) > MAX_FIRST_BYTES {
        return Relation::None;
    }
    match flow.traffic.sides()[1 - side].packets {
        0 => Relation::Answers,
        _ => Relation::Follows,
    }
}
