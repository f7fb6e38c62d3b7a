//! The way of a packet, on one screen.
