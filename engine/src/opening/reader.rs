//! Reads the opening of one side of a flow: the parts that TCP, QUIC and DTLS have in common.

use super::disclosed::Disclosed;
use super::facts::Fact;
use super::sides::{Opening, OpeningSide};
use crate::counters::tally::Tally;
use crate::reassembly::stream_heads::{LostHead, StreamHeads, NO_HEAD};
use crate::types::ends::Ends;
use crate::types::opening_state::OpeningState;
use crate::wire::tls_server::is_server_hello;
use crate::wire::{tls, Malformed, Progress};

/// Reads what one side of a flow sends first, as far as a name may be in it.
pub struct Reader<'a> {
    pub(super) opening: &'a mut Opening,
    pub(super) ends: &'a mut Ends,
    pub(super) disclosed: Disclosed,
    pub(super) slot: u32,
    pub(super) side: usize,
    pub(super) heads: &'a mut StreamHeads,
    pub(super) tally: &'a mut Tally,
}

impl<'a> Reader<'a> {
    /// For `side` of the flow in a `slot` of the table, of which `disclosed` is known so far.
    pub fn new(
        opening: &'a mut Opening,
        ends: &'a mut Ends,
        disclosed: Disclosed,
        (slot, side): (u32, usize),
        heads: &'a mut StreamHeads,
        tally: &'a mut Tally,
    ) -> Self {
        Self { opening, ends, disclosed, slot, side, heads, tally }
    }

    /// All that is disclosed after reading.
    pub fn into_disclosed(self) -> Disclosed {
        self.disclosed
    }

    /// The flow is over: reads what the stream head still holds, as far as it goes; true if that shows a name.
    pub fn finish(&mut self) -> bool {
        let number = self.own().head;
        let head = self.heads.owned(number, self.slot, self.side);
        let state = match head.map(|head| head.anchored) {
            Some(false) => OpeningState::MidStream,
            Some(true) | None => OpeningState::Incomplete,
        };
        self.give_up_head(state)
    }

    /// The stream head was evicted: reads what it held, as far as it goes; true if that shows a name.
    pub fn lose_head(&mut self, lost: &LostHead) -> bool {
        self.give_up_bytes(OpeningState::Incomplete, &lost.bytes, true)
    }

    /// The side that is read.
    pub(super) fn own(&mut self) -> &mut OpeningSide {
        &mut self.opening.sides[self.side]
    }

    /// True if the server's side is worth reading: the client has stated no name.
    pub(super) fn wants_certificate(&self) -> bool {
        self.ends.is_tcp() && !self.disclosed.states_a_name()
    }

    /// A new, empty stream head for this side; others are evicted if there are too many.
    pub(super) fn start_head(&mut self, base: u32, anchored: bool) -> u32 {
        while self.heads.is_full() {
            let Some(lost) = self.heads.evict() else { break };
            self.heads.keep_lost(lost);
            self.tally.evicted.heads += 1;
        }
        let owner = self.opening.head_owner(self.ends, self.slot, self.side);
        let head = self.heads.create(owner, base, anchored);
        self.own().head = head;
        self.own().state = OpeningState::Collecting;
        head
    }

    /// Parses the contiguous handshake messages of a stream head; true if they begin with a complete
    /// ClientHello.
    pub(super) fn read_messages(
        &mut self,
        head: u32,
        parse: fn(&[u8]) -> Result<Progress<tls::ClientHello>, Malformed>,
    ) -> bool {
        let Some(bytes) = self.heads.get(head).map(|head| head.contiguous()) else { return false };
        match parse(bytes) {
            Ok(Progress::Parsed(hello)) => self.accept_hello(hello),
            Ok(Progress::NeedMore) if self.heads.is_exhausted(head) => {
                self.give_up_head(OpeningState::Incomplete);
                false
            }
            Ok(Progress::NeedMore) => false,
            Err(malformed) => {
                let name = tls::partial_message_name(bytes);
                self.reject_hello(malformed, name)
            }
        }
    }

    /// A complete hello was read: its sender is the client, and the other side need not be read unless it may be the
    /// client all the same, or its certificate is needed for a name.
    pub(super) fn accept_hello(&mut self, hello: tls::ClientHello) -> bool {
        self.take_for_client();
        self.disclosed.hello = Some(hello.into());
        self.leave(OpeningState::Hello);
        if !self.wants_certificate() && !self.opening.may_be_client(1 - self.side, self.ends) {
            let other = 1 - self.side;
            self.drop_head(other);
            self.opening.sides[other].state = OpeningState::Peer;
        }
        self.tally.hellos += 1;
        true
    }

    /// This side states a name, so it is the client, and the other side's hello was none.
    fn take_for_client(&mut self) {
        if self.side != self.ends.client_side() {
            self.disclosed.forget_names();
        }
        self.ends.orient(self.side);
    }

    /// The other side is the server: all that was read so far as the client's, which it seemed to be, was not.
    pub(super) fn forget_other(&mut self) {
        self.disclosed.forget_names();
        self.opening.facts.set(Fact::Proxied, false);
        self.opening.facts.set(Fact::Unasked, false);
    }

    /// A hello was malformed; true if it has a `name` before the error.
    pub(super) fn reject_hello(&mut self, malformed: Malformed, name: Option<String>) -> bool {
        self.tally.problem("tls", malformed.0);
        self.leave(OpeningState::Malformed);
        self.keep_partial_name(name)
    }

    /// Keeps the server_name in a part of a hello, whose sender is the client; true if there is one. What the other side,
    /// which may be the client, has stated takes precedence.
    fn keep_partial_name(&mut self, name: Option<String>) -> bool {
        let is_stated = self.disclosed.sent_name().is_some();
        let is_refuted = self.opening.is_server(self.side, self.ends)
            || is_stated && self.opening.may_be_client(1 - self.side, self.ends);
        let Some(name) = name.filter(|_| !is_refuted) else { return false };
        self.take_for_client();
        self.disclosed.set_partial_name(name);
        true
    }

    /// Stops with a name that the incomplete bytes may show; true if they do.
    pub(super) fn give_up(&mut self, state: OpeningState, bytes: &[u8]) -> bool {
        let partial = if self.ends.is_tcp() {
            tls::partial_server_name(bytes)
        } else {
            tls::partial_message_name(bytes)
        };
        self.leave(state);
        self.opening.facts.note(Fact::Gap, state == OpeningState::Incomplete);
        self.keep_partial_name(partial)
    }

    /// Stops with what the stream head holds; true if that shows a name.
    pub(super) fn give_up_head(&mut self, state: OpeningState) -> bool {
        let head = self.own().head;
        let bytes = self.heads.get(head).map(|head| head.contiguous().to_vec()).unwrap_or_default();
        let has_gap = self.heads.get(head).is_some_and(|head| head.has_gap());
        self.give_up_bytes(state, &bytes, has_gap)
    }

    fn give_up_bytes(&mut self, state: OpeningState, bytes: &[u8], has_gap: bool) -> bool {
        if self.ends.is_tcp() && state == OpeningState::Incomplete && is_other_opening(bytes) {
            let is_answer = is_server_hello(bytes);
            self.opening.facts.note(Fact::Gap, has_gap);
            self.leave(if is_answer { OpeningState::Answer } else { OpeningState::NotTls });
            return false;
        }
        self.give_up(state, bytes)
    }

    /// Stops reading this side, in a state.
    pub(super) fn leave(&mut self, state: OpeningState) {
        self.drop_head(self.side);
        self.own().state = state;
    }

    /// Frees the stream head of a side, if it has one.
    pub(super) fn drop_head(&mut self, side: usize) {
        let head = std::mem::replace(&mut self.opening.sides[side].head, NO_HEAD);
        if self.heads.owned(head, self.slot, side).is_some() {
            self.heads.remove(head);
        }
    }
}

/// True for bytes that do not begin with a ClientHello: a preamble or a server's answer that never became
/// complete.
fn is_other_opening(bytes: &[u8]) -> bool {
    !bytes.is_empty() && !tls::may_be_hello(bytes)
}
