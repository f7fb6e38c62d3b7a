//! The server's certificate, where the client's hello does not name the server.
//!
//! It is read only if the hello has no name or was not seen, so that an ordinary flow costs nothing.

use super::preamble_steps::Turn;
use super::reader::Reader;
use crate::types::opening_state::OpeningState;
use crate::types::tcp_header::TcpHeader;
use crate::wire::certificate::Certificate;
use crate::wire::{flags, Parse, Progress};

impl Reader<'_> {
    /// Processes what was parsed of a stream that begins with a ServerHello.
    pub(super) fn read_answer(&mut self, parsed: Parse<Option<Certificate>>) -> Turn {
        let certificate = match parsed {
            Ok(Progress::NeedMore) => return Turn::NeedMore,
            Ok(Progress::Parsed(certificate)) => certificate,
            Err(malformed) => {
                self.tally.problem("certificate", malformed.0);
                None
            }
        };
        self.leave(OpeningState::Answer);
        self.ends.orient_if_unknown(1 - self.side);
        let Some(certificate) = certificate else { return Turn::Done(false) };
        self.disclosed.certificate = Some(Box::new(certificate));
        Turn::Done(true)
    }

    /// Expects the ServerHello where the client's acknowledgement says: after whatever the server has sent
    /// before, as it does with STARTTLS.
    pub(super) fn expect_answer(&mut self, hello: TcpHeader) {
        let side = 1 - self.side;
        let other = self.opening.sides[side];
        let is_other = match other.state {
            OpeningState::NotTls | OpeningState::Between => true,
            OpeningState::Collecting => hello.ack != other.base, // a reply too short to be told apart
            _ => false,
        };
        if is_other && hello.flags & flags::ACK != 0 {
            self.drop_head(side);
            let other = &mut self.opening.sides[side];
            other.state = OpeningState::Waiting;
            other.base = hello.ack;
            other.base_known = true;
        }
    }
}
