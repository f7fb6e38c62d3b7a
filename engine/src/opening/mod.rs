//! Openings: what the two sides of a connection say first, as far as it discloses the server's name.

mod disclosed;
mod dtls_opening;
mod exchange;
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
