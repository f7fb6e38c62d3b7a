//! The pseudo-header of ATM interfaces on Solaris.

use super::carried::Carried;
use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::rejection::Rejection;

/// Consumes direction and kind of the packet, virtual path and virtual channel; in LAN emulation, also the number of
/// the client, before an Ethernet frame.
pub(super) fn peel(frame: &mut Frame) -> Result<Layer, Rejection> {
    const KIND: u8 = 0x0f;
    const CONTROL_OF_EMULATION: [u8; 2] = [0xff, 0x00];
    let [flags, ..] = *frame.header::<4>(LINK)?;
    match flags & KIND {
        1 => Ok(match *frame.header::<2>(LINK)? {
            CONTROL_OF_EMULATION => frame.undecoded(Carried::Control),
            _ => Layer::Ethernet,
        }),
        2 => Ok(Layer::Llc),
        5 | 6 => Ok(frame.undecoded(Carried::Control)), // management and signalling of the interface
        _ => Ok(frame.undecoded(Carried::LinkType(frame.link))),
    }
}
