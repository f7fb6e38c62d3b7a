//! Bytes to headers and messages. Knows no time, no state, no I/O, no Python.
//!
//! - `bytes`: the readers that all parsers share, and what a parser returns.
//! - `decode`: the headers of a packet, from the link layer to the innermost transport segment.
//! - `tls`, `dns`, `preamble`: what a segment's payload holds.
//! - `quic`: the same for QUIC, whose handshake is that of TLS.
//!
//! The directories import downwards in this list only. Outside of `wire` a parser's file is reached by its own
//! name, whatever directory it is in: `wire::certificate`, `wire::fragment`.
//!
//! The parser contract: a parser takes a byte slice and gives `Ok(Parsed)`, `Ok(NeedMore)` or
//! `Err(Malformed)`: three outcomes, never a panic, never a guess after the first error.
//! A packet cut by the snap length is *truncated*, not malformed. Unknown numbers are data.

mod bytes;
pub mod decode;
pub mod dns;
pub mod preamble;
pub mod quic;
pub mod tls;

pub use self::bytes::parse::{Malformed, Parse, Progress};
pub use self::decode::fragment;
pub use self::decode::rejection::Rejection;
pub use self::decode::segment::{flags, Segment, Transport};
pub use self::dns::dns_type;
pub use self::quic::gquic;
pub use self::tls::{certificate, dtls, ech, ja4, tls_server};
