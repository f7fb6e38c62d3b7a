//! DTLS: the fragments of a ClientHello, reassembled by offset.

use super::reader::Reader;
use crate::types::opening_state::OpeningState;
use crate::wire::{dtls, tls};

impl Reader<'_> {
    /// Reads a datagram that may be a part of a DTLS ClientHello; true if it completed one. Another message
    /// starts over.
    pub(super) fn read_dtls(&mut self, datagram: &[u8], is_cut: bool) -> bool {
        let pieces = match dtls::hello_pieces(datagram, is_cut) {
            Ok(pieces) => pieces,
            Err(malformed) => {
                self.tally.problem("dtls", malformed.0);
                return false;
            }
        };
        for piece in pieces {
            let base = u32::from(piece.message_seq);
            let number = self.own().head;
            let head = match self.heads.owned(number, self.slot, self.side) {
                Some(head) if head.base == base => number,
                _ => {
                    self.leave(OpeningState::Waiting);
                    self.start_head(base, true)
                }
            };
            let header = piece.tls_header();
            self.heads.insert(head, base, &header);
            self.heads.insert(head, base + header.len() as u32 + piece.offset, piece.bytes);
            if self.read_messages(head, tls::parse_hello_message) {
                return true;
            }
        }
        if is_cut && self.own().state == OpeningState::Collecting {
            return self.give_up_head(OpeningState::Cut);
        }
        false
    }
}
