//! The preamble of a stream: what the client says before its hello, or in place of one.

use super::tcp::Opening;
use crate::types::opening_state::OpeningState;
use crate::wire::preamble::{Kind, Step};
use crate::wire::{Parse, Progress};

/// Steps of one side: a client that has said so much without TLS is not going to begin with it.
const MAX_STEPS: u8 = 32;

/// What the beginning of a stream turned out to be.
pub(super) enum Turn {
    /// A step of so many bytes: behind it the next one, or a hello, may begin.
    Behind(usize),
    /// Nothing is looked for any more; true if a name was found.
    Over(bool),
    /// It goes on in another segment.
    More,
}

impl Opening<'_> {
    /// Takes in what was read at the stream's beginning, and moves the beginning behind it.
    pub(super) fn take_step(&mut self, parsed: Parse<Option<Step>>) -> Turn {
        match parsed {
            Ok(Progress::Parsed(Some(step))) => self.follow_step(step),
            Ok(Progress::Parsed(None)) => self.stop(OpeningState::NotTls, false),
            Ok(Progress::NeedMore) => Turn::More,
            Err(malformed) => {
                self.tally.problem("preamble", malformed.0);
                self.stop(OpeningState::Malformed, false)
            }
        }
    }

    fn follow_step(&mut self, step: Step) -> Turn {
        if step.kind != Kind::Prelude {
            self.flow.ends.orient_if_unknown(self.side);
        }
        self.flow.proxied |= matches!(step.kind, Kind::Tunnel | Kind::ProxyRequest);
        let named = step.host.is_some();
        if named {
            self.flow.naming.get_or_insert_default().host = step.host.map(String::into_boxed_str);
        }
        if matches!(step.kind, Kind::Request | Kind::ProxyRequest) {
            return self.stop(OpeningState::NotTls, named);
        }
        let side = &mut self.flow.sides[self.side];
        let skipped = u16::try_from(step.length).ok().and_then(|length| side.skipped.checked_add(length));
        match skipped {
            Some(skipped) if side.steps < MAX_STEPS => {
                side.steps += 1;
                side.skipped = skipped;
                side.base = side.base.wrapping_add(step.length as u32);
                Turn::Behind(step.length)
            }
            _ => self.stop(OpeningState::NotTls, named),
        }
    }

    fn stop(&mut self, phase: OpeningState, named: bool) -> Turn {
        self.leave(phase);
        Turn::Over(named)
    }
}
