//! What is kept of a connection that has been silent, so that what follows is still known.

use super::flow_state::Flow;
use crate::naming::{Clues, NamingState};
use crate::opening::Opening;
use crate::types::arrival::Arrival;
use crate::types::flow_key::FlowKey;
use crate::types::tcp_header::TcpHeader;
use crate::view::handshake_timer::Handshake;
use crate::view::unseen_data::UnseenData;

/// A connection in few bytes: the key is not kept, only looked up.
#[derive(Debug)]
pub struct Remembered {
    pub(super) opening: Opening,
    unseen: UnseenData,
    handshake: Handshake,
    naming: NamingState,
    clues: Option<Box<Clues>>,
    /// Number of the flow with which the connection began.
    pub(super) first_id: u64,
    pub(super) last_ns: u64,
    client: u8,
    /// The side of which alone packets were seen.
    alone: Option<u8>,
    interface: u16,
    pub(super) is_matched: bool,
    /// The connection has gone on after a silence before.
    pub(super) has_continued: bool,
}

impl Remembered {
    /// A flow that is over, or goes on. `is_matched`: a signature matches it.
    pub fn of(flow: &Flow, is_matched: bool) -> Self {
        let is_silent = |side: u8| flow.traffic.sides()[usize::from(side)].packets == 0;
        Self {
            alone: (0..2).find(|side| is_silent(1 - side)),
            interface: flow.interface(),
            opening: flow.opening,
            unseen: flow.view.unseen.to_be_continued(),
            handshake: flow.view.handshake.to_be_continued(),
            naming: flow.naming,
            clues: flow.clues().cloned().map(Box::new),
            first_id: flow.first_id(),
            last_ns: flow.traffic.last_ns(),
            client: flow.ends.client_side() as u8,
            is_matched,
            has_continued: flow.continues().is_some(),
        }
    }

    /// The same connection: the numbers of a segment are near those that both sides reached.
    pub fn fits(&self, side: usize, header: TcpHeader) -> bool {
        self.unseen.is_continued_by(side, header)
    }

    /// The other direction of a connection of which one was seen: a segment of what both sides had sent by then comes from
    /// another interface. So their clocks differ by the silence between.
    pub fn is_other_half(&self, side: usize, header: TcpHeader, interface: u16) -> bool {
        self.alone.is_some_and(|alone| usize::from(alone) != side)
            && self.interface != interface
            && self.unseen.is_preceded_by(side, header)
    }

    /// As `resume`, with a segment of `side`.
    pub fn resume_with(
        &self,
        side: usize,
        header: TcpHeader,
        key: FlowKey,
        id: u64,
        arrival: Arrival,
    ) -> Flow {
        let mut flow = self.resume(key, self.client_side(), id, arrival);
        flow.view.unseen = self.unseen.continued_by(side, header);
        flow
    }

    /// The flow with which it goes on, with number `id`. `client` is the client's side now.
    pub fn resume(&self, key: FlowKey, client: usize, id: u64, arrival: Arrival) -> Flow {
        let is_swapped = usize::from(self.client) != client;
        let mut clues = self.clues.clone().unwrap_or_default();
        clues.disclosed.continue_from(self.first_id);
        let mut flow = Flow::new(key, client, id, arrival, None);
        flow.ends.orient(client);
        flow.opening = if is_swapped { self.opening.swapped() } else { self.opening };
        flow.naming = self.naming;
        flow.naming.note_rest(false);
        flow.view.unseen = self.unseen.to_be_continued();
        flow.view.handshake = self.handshake.to_be_continued();
        flow.with_clues(clues)
    }

    /// Another connection between the same ends takes its place, because of what `side` shows: only that side was ever seen,
    /// so nobody answers visibly.
    pub fn yields_to(&self, side: usize) -> bool {
        self.alone.is_some_and(|alone| usize::from(alone) == side)
    }

    /// Packets of one side alone were seen.
    pub fn is_one_sided(&self) -> bool {
        self.alone.is_some()
    }

    /// The side of the client.
    pub fn client_side(&self) -> usize {
        usize::from(self.client)
    }
}
