//! The first datagrams of a flow: QUIC, Google QUIC or DTLS, recognised by their headers on any port.

use super::reader::Reader;
use super::sides::Opening;
use crate::types::opening_state::OpeningState;
use crate::wire::{dtls, gquic, quic, Segment};

/// Maximum number of datagrams of one side that are read in search of a hello.
const MAX_DATAGRAMS: u64 = 64;

impl Opening {
    /// True if a datagram of a side is worth reading: it may be a part of a hello, or a server's version
    /// negotiation.
    #[inline]
    pub fn expects_datagram(&self, side: usize, datagram: &[u8]) -> bool {
        let state = self.sides[side].state;
        let waiting = matches!(state, OpeningState::Waiting | OpeningState::Collecting);
        match datagram {
            // Other protocols have these zeros as well, so only the answer to a QUIC client counts.
            [0x80..=0xff, 0, 0, 0, 0, ..] => self.quic.is_some(),
            [0x80..=0xff, ..] => waiting,
            _ => waiting && is_dtls_or_gquic(datagram),
        }
    }
}

#[inline]
fn is_dtls_or_gquic(datagram: &[u8]) -> bool {
    dtls::may_be_hello(datagram)
        || gquic::may_be_public_header(datagram)
        || dtls::is_record_in_mid_stream(datagram)
}

impl Reader<'_> {
    /// Reads one datagram, of the `sent` packets that its side has sent so far; true if it completed a
    /// ClientHello.
    #[cold]
    pub fn read_datagram(&mut self, segment: &Segment<'_>, sent: u64) -> bool {
        let datagram = segment.payload;
        if let [0x80..=0xff, 0, 0, 0, 0, ..] = datagram {
            self.tally.quic_negotiations += u64::from(quic::is_version_negotiation(datagram));
            return false;
        }
        let is_dtls = dtls::may_be_hello(datagram);
        let is_quic = matches!(datagram, [0x80..=0xff, ..]) || gquic::may_be_public_header(datagram);
        if !is_dtls && !is_quic {
            self.leave(OpeningState::MidStream);
            return false;
        }
        if sent > MAX_DATAGRAMS {
            let begun = self.own().state == OpeningState::Collecting;
            self.give_up_head(if begun { OpeningState::Incomplete } else { OpeningState::NotTls });
            return false;
        }
        let is_cut = (datagram.len() as u32) < segment.payload_len;
        if is_dtls {
            self.read_dtls(datagram, is_cut)
        } else {
            self.read_quic(segment, is_cut)
        }
    }
}
