//! Flows: who talks to whom, how much, under which name. Knows no parser's insides and no Python.

pub mod accounting;
pub mod clients;
pub mod dns;
pub mod dns_stream;
pub mod dns_use;
pub mod ech;
pub mod names;
pub mod naming;
pub mod record;
pub mod report;
pub mod table;
pub mod traffic;
