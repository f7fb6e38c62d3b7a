//! What a segment was captured in, while it is processed.

use super::kept_packet::{KeptPacket, Shows};
use crate::address::Address;
use crate::capture::Packet;
use std::sync::Arc;

/// The packets that a segment arrived in, if packets are kept.
#[derive(Clone, Copy, Debug)]
pub enum Captured<'a> {
    /// One packet.
    Whole(Packet<'a>),
    /// The fragments of an IP packet.
    Fragments(&'a [Arc<KeptPacket>]),
}

impl Captured<'_> {
    /// Copies of the packets, which show this between these addresses.
    pub fn copies(self, addresses: [Address; 2], shows: Shows) -> Vec<Arc<KeptPacket>> {
        match self {
            Self::Whole(packet) => vec![Arc::new(KeptPacket::of(&packet, addresses, shows))],
            Self::Fragments(packets) => {
                let shows = shows.and(Shows::FRAGMENT, true);
                packets.iter().map(|one| Arc::new(KeptPacket { shows, ..KeptPacket::clone(one) })).collect()
            }
        }
    }
}
