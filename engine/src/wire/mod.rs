//! Parsers from bytes to headers and messages, without state, time, I/O or Python.
//!
//! - `bytes`: readers shared by all parsers, and the result type of a parser.
//! - `decode`: packet headers, from the link layer to the innermost transport segment.
//! - `tls`, `dns`, `dhcp`, `preamble`: parsers for the payload of a segment.
//! - `quic`: the same for QUIC, which carries a TLS handshake.
//!
//! A directory imports only from those above it in this list. The rest of the engine reaches a module by its
//! own name, whichever directory it is in: `wire::certificate`, `wire::fragment`.
//!
//! The parser contract: a parser takes a byte slice and returns `Ok(Parsed)`, `Ok(NeedMore)` or
//! `Err(Malformed)`. It never panics and never guesses after the first error. A packet cut by the snap length
//! is *truncated*, not malformed. Unknown numbers are kept as data.

mod bytes;
pub mod decode;
pub mod dhcp;
pub mod dns;
pub mod preamble;
pub mod quic;
pub mod tls;

pub use self::bytes::host;
pub use self::bytes::parse::{Malformed, Parse, Progress};
pub use self::decode::carried::Carried;
pub use self::decode::fragment;
pub use self::decode::rejection::Rejection;
pub use self::decode::segment::{flags, Segment, Transport};
pub use self::decode::tunnel_ports::TunnelPorts;
pub use self::dns::dns_type;
pub use self::quic::gquic;
pub use self::tls::{certificate, dtls, ech, ja4, tls_server};
