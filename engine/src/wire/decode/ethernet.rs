//! Ethernet II, IEEE 802.3 with LLC and SNAP, and VLAN tags (IEEE 802.1Q).

use super::carried::Carried;
use super::frame::{Frame, LINK};
use super::frame_relay;
use super::layer::Layer;
use super::rejection::Rejection;

/// Smaller values are a length (IEEE 802.3, 3.2.6).
const FIRST_ETHERTYPE: u16 = 0x0600;

/// Consumes the addresses and the type.
#[inline(always)]
pub(super) fn peel(frame: &mut Frame) -> Result<Layer, Rejection> {
    let header = frame.header::<14>(LINK)?;
    frame.station = header[6..].first_chunk();
    Ok(from_type_or_length(frame, u16::from_be_bytes([header[12], header[13]])))
}

/// Consumes one tag and the type that follows it.
#[inline]
pub(super) fn peel_vlan(frame: &mut Frame) -> Result<Layer, Rejection> {
    let [tag @ .., high, low] = *frame.header::<4>(LINK)?;
    frame.realm.add_vlan(tag);
    Ok(from_type_or_length(frame, u16::from_be_bytes([high, low])))
}

/// The tag that follows is that of a VLAN.
pub(super) fn is_tagged_with(frame: &Frame, vlan: [u8; 2]) -> bool {
    const VLAN: u16 = 0x0fff;
    let number = |tag: [u8; 2]| u16::from_be_bytes(tag) & VLAN;
    frame.bytes().first_chunk().is_some_and(|tag| number(*tag) == number(vlan))
}

#[inline]
fn from_type_or_length(frame: &mut Frame, value: u16) -> Layer {
    if value < FIRST_ETHERTYPE {
        // The length itself is not needed: an IP header has its own.
        return Layer::Llc;
    }
    frame.ethertype(value)
}

/// Consumes an LLC header (IEEE 802.2), and the SNAP header (IEEE 802, 9.2) if one follows.
pub(super) fn peel_llc(frame: &mut Frame) -> Result<Layer, Rejection> {
    match frame.header::<3>(LINK)? {
        [0xaa, 0xaa, 0x03] => match *frame.header::<5>(LINK)? {
            // RFC 1042, and the 802.1H bridge tunnel.
            [0, 0, 0 | 0xf8, high, low] => Ok(frame.ethertype(u16::from_be_bytes([high, low]))),
            _ => Ok(frame.undecoded(Carried::Llc(0xaa))),
        },
        [0x06, 0x06, 0x03] => Ok(Layer::Ipv4),
        // Network layer protocols of OSI, among them IP over ATM (RFC 2684, 5.1).
        [0xfe, 0xfe, 0x03] => match *frame.header::<1>(LINK)? {
            [identifier @ (0xcc | 0x8e | 0xcf)] => frame_relay::from_identifier(frame, identifier),
            _ => Ok(frame.undecoded(Carried::Control)),
        },
        [sap, _, _] => Ok(frame.undecoded(Carried::Llc(*sap))),
    }
}
