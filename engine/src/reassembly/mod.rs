//! Bytes that arrive in parts: the heads of streams, and IP packets in fragments.

pub mod fragments;
pub mod stream_heads;
