//! What the first bytes of a stream give away besides a bare ClientHello.

mod certificates;
mod payloads;
mod preambles;
mod traffic;
