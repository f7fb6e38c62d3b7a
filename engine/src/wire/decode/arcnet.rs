//! ARCNET (RFC 1051, RFC 1201), as BSD and Linux capture it.

use super::carried::Carried;
use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::rejection::Rejection;

/// Consumes the addresses, the type and what belongs to fragmentation. BSD may show an "exception" frame, in which
/// the type and the rest follow once more.
pub(super) fn peel(frame: &mut Frame) -> Result<Layer, Rejection> {
    const EXCEPTION: u8 = 0xff;
    let [_, _, mut kind] = *frame.header::<3>(LINK)?;
    if has_fragmentation(kind) && frame.bytes().first() == Some(&EXCEPTION) {
        [.., kind] = *frame.header::<4>(LINK)?;
    }
    peel_fragmentation(frame, kind)
}

/// As `peel`, with the field of Linux between addresses and type.
pub(super) fn peel_linux(frame: &mut Frame) -> Result<Layer, Rejection> {
    let [_, _, _, _, kind] = *frame.header::<5>(LINK)?;
    peel_fragmentation(frame, kind)
}

/// RFC 1051 has no fragmentation.
fn has_fragmentation(kind: u8) -> bool {
    !matches!(kind, 240 | 241 | 128 | 205)
}

/// Consumes flag and sequence number.
fn peel_fragmentation(frame: &mut Frame, kind: u8) -> Result<Layer, Rejection> {
    if has_fragmentation(kind) {
        frame.skip(3, LINK)?;
    }
    Ok(match kind {
        240 | 212 => Layer::Ipv4,
        196 => Layer::Ipv6,
        232 => Layer::Ethernet,
        241 | 213 | 214 => frame.undecoded(Carried::Control), // ARP and RARP
        _ => frame.undecoded(Carried::Llc(kind)),
    })
}
