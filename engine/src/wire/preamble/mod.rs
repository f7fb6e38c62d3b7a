//! What precedes a ClientHello in a client's stream, one step at a time: a PROXY header, a request to a proxy for a
//! tunnel (HTTP CONNECT, SOCKS), the commands of a line or directory protocol up to STARTTLS, the request of a
//! database or remote desktop protocol for TLS.
//!
//! Each step is recognized by itself, so the only state between steps is the offset of the next one. A
//! request that is not followed by a hello is a step too, and the last one: it contains a name.

mod dialogue;
mod hpack;
mod http;
mod http2;
mod huffman;
mod ldap;
mod parse_step;
mod proxy_header;
mod socks;
mod starttls;
mod step;
mod tls_request;

pub use self::dialogue::{is_greeting, parse_dialogue};
pub use self::parse_step::{is_step, parse_step};
pub use self::step::{Step, StepKind};
