//! The packets in which fragments arrived, until the IP packet that they belong to is complete.

use super::kept_packet::{KeptPacket, Shows};
use crate::capture::Packet;
use crate::wire::fragment::PacketId;
use std::collections::VecDeque;
use std::sync::Arc;

/// Maximum number of packets, and of bytes of them.
const MAX_PACKETS: usize = 1024;
const MAX_BYTES: usize = 1 << 20;

/// The latest packets with fragments, oldest first.
#[derive(Debug, Default)]
pub struct FragmentPackets {
    packets: VecDeque<(PacketId, Arc<KeptPacket>)>,
    bytes: usize,
}

impl FragmentPackets {
    /// Keeps the packet of a fragment.
    pub fn add(&mut self, id: PacketId, packet: &Packet<'_>) {
        self.add_kept(id, Arc::new(KeptPacket::of(packet, [id.src, id.dst], Shows::FRAGMENT)));
    }

    /// Keeps a packet that carries a fragment of this IP packet as well.
    pub fn add_kept(&mut self, id: PacketId, packet: Arc<KeptPacket>) {
        self.bytes += packet.size();
        self.packets.push_back((id, packet));
        while self.bytes > MAX_BYTES || self.packets.len() > MAX_PACKETS {
            let Some((_, oldest)) = self.packets.pop_front() else { break };
            self.bytes -= oldest.size();
        }
    }

    /// Takes the packets of the fragments of an IP packet.
    pub fn take(&mut self, id: &PacketId) -> Vec<Arc<KeptPacket>> {
        let is_of = |one: &(PacketId, Arc<KeptPacket>)| one.0 == *id;
        let found: Vec<_> =
            self.packets.iter().filter(|one| is_of(one)).map(|one| Arc::clone(&one.1)).collect();
        if !found.is_empty() {
            self.packets.retain(|one| !is_of(one));
            self.bytes -= found.iter().map(|packet| packet.size()).sum::<usize>();
        }
        found
    }
}
