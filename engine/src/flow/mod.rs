//! Flows: who talks to whom, how much, under which name. Knows no parser's insides and no Python.

pub mod accounting;
mod certificate;
pub mod clients;
mod datagram;
pub mod dns;
pub mod dns_stream;
pub mod dns_use;
pub mod ech;
pub mod hello;
pub mod names;
pub mod naming;
pub mod payload;
mod preamble;
pub mod quic;
pub mod record;
pub mod report;
pub mod table;
pub mod tcp;
pub mod traffic;
