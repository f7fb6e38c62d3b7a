//! The server's certificate, where the client's hello does not say whom it wants.
//!
//! It is looked for only when the hello has no name or was not seen, so that an ordinary flow costs nothing.

use super::preamble::Turn;
use super::tcp::Opening;
use crate::types::opening_state::OpeningState;
use crate::types::tcp_header::TcpHeader;
use crate::wire::certificate::Certificate;
use crate::wire::{flags, Parse, Progress};

impl Opening<'_> {
    /// Takes in what was read of a stream that begins with a ServerHello.
    pub(super) fn take_answer(&mut self, parsed: Parse<Option<Certificate>>) -> Turn {
        let certificate = match parsed {
            Ok(Progress::NeedMore) => return Turn::More,
            Ok(Progress::Parsed(certificate)) => certificate,
            Err(malformed) => {
                self.tally.problem("certificate", malformed.0);
                None
            }
        };
        self.leave(OpeningState::Answer);
        self.flow.ends.orient_if_unknown(1 - self.side);
        let Some(certificate) = certificate else { return Turn::Over(false) };
        self.flow.naming.get_or_insert_default().certificate = Some(Box::new(certificate));
        Turn::Over(true)
    }

    /// True if the server's side is worth reading: the client has named no host.
    pub(super) fn wants_certificate(&self) -> bool {
        let stated = self.flow.naming.as_deref().is_some_and(|naming| naming.states_a_name());
        self.flow.ends.is_tcp() && !stated
    }

    /// Looks for the ServerHello where the client, by its acknowledgement, expects it: behind whatever the
    /// server has said before, as it does after STARTTLS.
    pub(super) fn expect_answer(&mut self, hello: TcpHeader) {
        let other = &mut self.flow.sides[1 - self.side];
        if other.phase == OpeningState::NotTls && hello.flags & flags::ACK != 0 {
            other.phase = OpeningState::Waiting;
            other.base = hello.ack;
            other.base_known = true;
        }
    }
}
