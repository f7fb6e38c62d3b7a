//! The preamble of a stream: what the client says before its hello, or instead of one.

use super::facts::Fact;
use super::reader::Reader;
use crate::types::opening_state::OpeningState;
use crate::wire::preamble::{is_greeting, parse_dialogue, parse_step, Step, StepKind};
use crate::wire::{Parse, Progress};

/// Maximum number of steps of one side: a client that has sent more without TLS is not going to start it.
const MAX_STEPS: u8 = 32;

/// What the beginning of a stream turned out to be.
pub(super) enum Turn {
    /// A step of this length: the next step, or a hello, may follow it.
    Skip(usize),
    /// Nothing more is expected; true if a name was found.
    Done(bool),
    /// It continues in another segment.
    NeedMore,
}

/// What the beginning of a stream holds.
pub(super) struct NextStep {
    parsed: Parse<Option<Step>>,
    /// It is a server's greeting in a line protocol.
    greets: bool,
}

impl Reader<'_> {
    /// Parses the step at the beginning of the stream.
    pub(super) fn parse_next(&self, stream: &[u8]) -> NextStep {
        let (is_client, is_dialogue) = (self.is_client(), self.opening.facts.has(Fact::Lines));
        match parse_step(stream) {
            Ok(Progress::Parsed(None)) if is_client && is_dialogue => {
                NextStep { parsed: Ok(parse_dialogue(stream)), greets: false }
            }
            Ok(Progress::Parsed(None)) => {
                NextStep { parsed: Ok(Progress::Parsed(None)), greets: !is_client && is_greeting(stream) }
            }
            parsed => NextStep { parsed, greets: false },
        }
    }

    /// Processes the step that was parsed at the stream's beginning, and moves the beginning to its end.
    pub(super) fn read_step(&mut self, next: NextStep) -> Turn {
        self.opening.facts.note(Fact::Lines, next.greets);
        match next.parsed {
            Ok(Progress::Parsed(Some(step))) => self.skip_step(step),
            Ok(Progress::Parsed(None)) => self.stop(OpeningState::NotTls, false),
            Ok(Progress::NeedMore) => Turn::NeedMore,
            Err(malformed) => {
                self.tally.problem("preamble", malformed.0);
                self.stop(OpeningState::Malformed, false)
            }
        }
    }

    fn skip_step(&mut self, step: Step) -> Turn {
        let is_request = matches!(step.kind, StepKind::Tunnel | StepKind::Request | StepKind::ProxyRequest);
        if is_request {
            self.ends.orient_if_unknown(self.side);
        }
        if !self.is_client() && (is_request || step.host.is_some()) {
            return self.stop(OpeningState::NotTls, false); // only the client says where it connects to
        }
        if self.is_client() && step.kind != StepKind::Space {
            let is_command = step.kind == StepKind::Dialogue;
            self.opening.facts.note(Fact::Lines, is_command);
            self.opening.facts.set(Fact::Unasked, is_command);
        }
        let is_proxied = matches!(step.kind, StepKind::Tunnel | StepKind::ProxyRequest);
        self.opening.facts.note(Fact::Proxied, is_proxied);
        let named = step.host.is_some();
        if let Some(host) = step.host {
            self.disclosed.set_host(host);
        }
        if matches!(step.kind, StepKind::Request | StepKind::ProxyRequest) {
            return self.stop(OpeningState::NotTls, named);
        }
        let side = self.own();
        let skipped = u16::try_from(step.length).ok().and_then(|length| side.skipped.checked_add(length));
        match skipped {
            Some(skipped) if side.steps < MAX_STEPS => {
                side.steps += 1;
                side.skipped = skipped;
                side.base = side.base.wrapping_add(step.length as u32);
                Turn::Skip(step.length)
            }
            _ => self.stop(OpeningState::NotTls, named),
        }
    }

    /// True if a hello at the beginning of what is read is none: it is the server's, or the client did not ask for TLS before.
    pub(super) fn is_unasked(&self) -> bool {
        self.opening.is_server(self.side, self.ends)
            || self.opening.facts.has(Fact::Unasked) && self.is_client()
    }

    fn is_client(&self) -> bool {
        self.side == self.ends.client_side()
    }

    pub(super) fn stop(&mut self, state: OpeningState, named: bool) -> Turn {
        self.leave(state);
        Turn::Done(named)
    }
}
