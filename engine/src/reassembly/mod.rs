//! Bytes that arrive in parts: the heads of streams (hellos and preambles over TCP, QUIC and DTLS, DNS over TCP), and
//! IP packets in fragments. What the bytes mean is decided by those who read them: `opening` and `resolution`.

pub mod fragments;
pub mod stream_heads;
