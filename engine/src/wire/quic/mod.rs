//! QUIC as far as it is in clear or protected with keys that anybody can derive: long headers, Initial packets,
//! and what Google's QUIC said before it spoke TLS.

mod connection_id;
pub mod gquic;
mod initial;
mod long_header;
mod quic_keys;
mod quic_version;

pub use self::connection_id::{ConnectionId, MAX_CID};
pub use self::initial::{crypto_frames, initials, Initial};
pub use self::long_header::{
    first_header, is_version_negotiation, may_be_long_header, version_number, LongHeader, MIN_DATAGRAM,
};
pub use self::quic_version::{Family, PacketType, Version};
