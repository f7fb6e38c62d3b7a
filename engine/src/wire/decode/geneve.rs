//! GENEVE (RFC 8926, 3.4).

use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::rejection::Rejection;

/// Consumes the header and its options.
pub(super) fn peel(frame: &mut Frame) -> Result<Layer, Rejection> {
    let [start, _, high, low, vni @ .., reserved] = *frame.header::<8>(LINK)?;
    let (version, options) = (start >> 6, start & 0x3f);
    if version != 0 || reserved != 0 {
        return Err(Rejection::LinkMalformed);
    }
    frame.skip(usize::from(options) * 4, LINK)?;
    frame.realm.enter_overlay(vni);
    Ok(frame.ethertype(u16::from_be_bytes([high, low])))
}
