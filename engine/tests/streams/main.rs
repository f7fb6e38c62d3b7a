//! What the first bytes of a stream disclose apart from a plain ClientHello.

mod certificates;
mod dialogues;
mod doubtful;
mod payloads;
mod preambles;
mod queries;
mod roles;
mod traffic;
