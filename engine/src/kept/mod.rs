//! Copies of the packets that name and judge flows, for evidence: handshakes, hellos, certificates, the first data, and
//! the DNS messages from which names are learned. Nothing is copied unless evidence is asked for.

pub mod captured;
mod essential;
pub mod fragment_packets;
mod hello_extensions;
pub mod kept_packet;
pub mod kept_packets;
mod minimise;

pub use self::essential::{essential_datagram, essential_message, essential_stream, id_length};
