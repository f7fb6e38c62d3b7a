//! Two connections between the same ends: whose segments are whose, and when another one has taken the place of the one
//! that runs or rests. A segment that nothing answers changes nothing.

use super::pending_syns::{count_unanswered, PendingSegment, PendingSyn};
use super::state::{Monitor, Sender};
use crate::flow::{due_ns, Flow};
use crate::kept::captured::Captured;
use crate::types::arrival::Arrival;
use crate::types::end_reason::EndReason;
use crate::types::tcp_header::TcpHeader;
use crate::wire::flags::{ACK, RST, SYN};
use crate::wire::Segment;

/// What follows a SYN before it is answered, or answers it, has numbers this near to it at most.
const MAX_FIRST_BYTES: u32 = 1 << 16;
/// A flow of more packets than this is more than some stray segments between the ends of a connection that rests.
const MOST_STRAY: u64 = 8;

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
        (sender, arrival): (Sender<'_>, Arrival),
        captured: Option<&Captured<'_>>,
    ) -> Owner {
        let side = sender.side;
        let own = |with_payload| PendingSegment::of(segment, (side, header), arrival, captured, with_payload);
        let has_room = self.pending.has_room();
        if self.table.get(slot).is_some_and(|flow| flow.starts_new_connection(side, header)) {
            let first_byte = header.first_byte();
            if self.pending.of(slot).any(|syn| (syn.side, syn.first_byte) == (side, first_byte)) {
                let waits = self.pending.extend(slot, first_byte, own(has_room));
                return if waits { Owner::Unknown } else { Owner::Flow(slot) };
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
        Owner::Flow(self.resume_rest(slot, header, sender).unwrap_or(slot))
    }

    /// A SYN that waits was answered: its connection takes the place of the one that ran. Returns its first segments.
    fn take_place(&mut self, slot: u32, header: TcpHeader, sender: Sender<'_>) -> Vec<PendingSegment> {
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
        let mut segments: Vec<PendingSegment> = answered.into_iter().flat_map(|syn| syn.segments).collect();
        segments.sort_by_key(|one| one.arrival.time_ns);
        segments
    }

    /// A connection that rests goes on after stray segments, which began a flow: that is its flow now. Returns its slot.
    fn resume_rest(&mut self, slot: u32, header: TcpHeader, sender: Sender<'_>) -> Option<u32> {
        let Sender { key, side, .. } = sender;
        let flow = self.table.get_mut(slot)?;
        if flow.traffic.packets() > MOST_STRAY || flow.continues().is_some() {
            return None;
        }
        if header.flags & SYN != 0 {
            if header.flags & ACK != 0 && flow.opening.stream_start(1 - side) == Some(header.ack) {
                self.idle.take_tcp(key); // another connection between its ends has begun
            }
            return None;
        }
        let is_stray =
            !flow.opening.had_payload() || flow.traffic.sides().iter().any(|sent| sent.packets == 0);
        let remembered = self.idle.find_tcp(key).filter(|one| is_stray && one.fits(side, header))?;
        flow.finish_opening(slot, &mut self.heads, &mut self.tally);
        let arrival = Arrival {
            time_ns: flow.traffic.start_ns(),
            interface: flow.interface(),
            number: flow.first_packet(),
        };
        let resumed = remembered.resume(*key, remembered.client_side(), flow.id(), arrival);
        let mut resumed = resumed.with_strays(self.table.remove(slot)?);
        self.idle.take_tcp(key);
        resumed.look_up_names(&self.names, &self.matcher);
        let due_ns = due_ns(&self.settings, &resumed, arrival.time_ns);
        let slot = self.table.insert(resumed, due_ns); // the same, for which SYNs may wait
        if self.settings.reports_openings() {
            self.decide(slot);
        }
        Some(slot)
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
