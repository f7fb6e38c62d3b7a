//! What the first bytes of a stream disclose apart from a plain ClientHello.

mod certificates;
mod doubtful;
mod payloads;
mod preambles;
mod traffic;
