//! Openings: what the two sides of a connection say first, as far as it discloses the server's name.
//!
//! - `sides`: how far both sides have been read; the part of a flow that this module owns
//! - `reader`: reads one side; what TCP, QUIC and DTLS have in common
//! - `tcp_opening`, with `preamble_steps` and `server_answer`; `udp_opening`, with `quic_opening` and `dtls_opening`:
//!   how the bytes of a hello are collected, in a stream head (`reassembly::stream_heads`) if it is not in one packet
//! - `disclosed`, with `shared_hello` and `first_payload`: the result
//!
//! What a hello or a preamble consists of is known to `wire` alone.

mod disclosed;
mod dtls_opening;
mod exchange;
mod facts;
mod first_payload;
mod preamble_steps;
mod quic_opening;
mod reader;
mod server_answer;
mod shared_hello;
mod sides;
mod tcp_opening;
mod udp_opening;

pub use disclosed::Disclosed;
pub use first_payload::{find_first_payload, FirstPayload, MAX_PREFIX_BYTES};
pub use reader::Reader;
pub use shared_hello::{Hello, SharedHellos};
pub use sides::Opening;
