//! The parts of QUIC that an observer can read: long headers, Initial packets, and Google QUIC before its use
//! of TLS.

mod connection_id;
pub mod gquic;
mod initial;
mod long_header;
mod quic_keys;
mod quic_version;
mod short_header;

pub use self::connection_id::{ConnectionId, MAX_CID};
pub use self::initial::{crypto_frames, initials, Initial};
pub use self::long_header::{
    first_header, is_version_negotiation, may_be_long_header, version_number, LongHeader, MIN_DATAGRAM,
    QUIC_PORT,
};
pub use self::quic_version::{Family, PacketType, Version};
pub use self::short_header::{may_be_short_header, short_header_id};
