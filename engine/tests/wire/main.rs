//! The parsers, on packets and messages of public captures and on what mutation makes of them.

mod certificate;
mod decode;
mod dns;
mod ech;
mod hello;
mod ja4;
mod preamble;
mod properties;
mod seeds;
mod tls;
mod tunnels;
