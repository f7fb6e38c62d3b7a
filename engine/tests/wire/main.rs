//! Tests of the parsers with packets and messages from public captures and with mutations of them.

mod certificate;
mod decode;
mod dhcp;
mod dialogue;
mod dns;
mod ech;
mod hello;
mod ja4;
mod link_headers;
mod only_ip;
mod preamble;
mod properties;
mod seeds;
mod tls;
mod tunnels;
