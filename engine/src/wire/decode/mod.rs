//! Packet headers, from the link layer to the innermost transport segment.
//!
//! Each file consumes one header, or a few related ones, at the front of a `Frame` and returns the `Layer`
//! that follows; the loop in `walk` dispatches on that layer. A new protocol is one file, one variant of
//! `Layer` and one line in `walk`.

mod amt;
mod arcnet;
mod arista;
mod authentication;
mod bsd_logs;
mod capwap;
pub mod carried;
mod erf;
mod erspan;
mod etag;
mod ether_ip;
mod ethernet;
mod ethernet_preamble;
mod fabric_path;
mod fddi;
pub mod fragment;
mod frame;
mod frame_relay;
mod geneve;
mod gre;
mod gtp;
mod hp_erm;
mod ip_over;
mod ipv4;
mod ipv6;
mod juniper;
mod l2tp;
mod layer;
mod link;
mod lisp;
mod macsec;
mod metadata;
mod mpls;
mod nflog;
mod nsh;
mod only_ip;
mod packet_information;
mod pbb;
mod plain;
mod pppoe;
mod redundancy;
pub mod rejection;
pub mod segment;
mod sun_atm;
mod switch_tag;
mod tcp;
mod teredo;
mod token_ring;
mod trill;
mod ttag;
pub mod tunnel_ports;
mod tzsp;
mod udp;
pub mod undecoded;
mod vntag;
mod vxlan;
mod walk;
mod wccp;
mod wlan;

pub use self::plain::plain_segment;
pub use self::walk::{decode, Decoded};
