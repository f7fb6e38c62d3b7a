//! Copies of the packets that name and judge flows, for evidence: handshakes, hellos, certificates, the first data, and
//! the DNS messages from which names are learned. Nothing is copied unless evidence is asked for.

pub mod captured;
pub mod fragment_packets;
pub mod kept_packet;
pub mod kept_packets;
