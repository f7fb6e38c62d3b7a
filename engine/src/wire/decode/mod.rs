//! The headers of a packet, from the link layer to the innermost transport segment.
//!
//! Each file reads one header or a few of a kind off a `Frame` and returns the `Layer` that comes next; the loop in
//! `walk` calls the file of that layer. A new layer is a file, a variant of `Layer` and a line in `walk`.

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
