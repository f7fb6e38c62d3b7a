//! Packet headers, from the link layer to the innermost transport segment.
//!
//! Each file consumes one header, or a few related ones, at the front of a `Frame` and returns the `Layer`
//! that follows; the loop in `walk` dispatches on that layer. A new protocol is one file, one variant of
//! `Layer` and one line in `walk`.

mod erspan;
mod ethernet;
pub mod fragment;
mod frame;
mod geneve;
mod gre;
mod gtp;
mod ipv4;
mod ipv6;
mod layer;
mod link;
mod mpls;
mod pppoe;
pub mod rejection;
pub mod segment;
mod tcp;
mod udp;
mod vxlan;
mod walk;
mod wlan;

pub use self::walk::{decode, Decoded};
