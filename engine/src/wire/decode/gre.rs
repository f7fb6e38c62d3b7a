//! GRE (RFC 2784, 2890) carrying IP, MPLS, Ethernet (NVGRE, RFC 7637), ERSPAN, or PPP (RFC 2637); over IP, or over UDP
//! (RFC 8086).

use super::carried::Carried;
use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::rejection::Rejection;

const CHECKSUM: u16 = 0x8000;
const ROUTING: u16 = 0x4000;
const KEY: u16 = 0x2000;
const SEQUENCE: u16 = 0x1000;
const ACKNOWLEDGMENT: u16 = 0x0080;
const VERSION: u16 = 0x0007;

const ERSPAN_1_OR_2: u16 = 0x88be;
const ERSPAN_3: u16 = 0x22eb;
const PPP: u16 = 0x880b;
const WCCP: u16 = 0x883e;
const BRIDGED: u16 = 0x6558;

/// Consumes the header and its optional fields.
pub(super) fn peel(frame: &mut Frame) -> Result<Layer, Rejection> {
    let [high, low, protocol @ ..] = *frame.header::<4>(LINK)?;
    let flags = u16::from_be_bytes([high, low]);
    let protocol = u16::from_be_bytes(protocol);
    let is_set = |flag: u16| usize::from(flags & flag != 0);
    match (flags & VERSION, protocol) {
        // Source routing was never deployed (RFC 2784, 2.3), and its fields have no fixed length.
        (0, _) if flags & ROUTING != 0 => Err(Rejection::NotIp),
        (0, _) => {
            frame.skip(4 * is_set(CHECKSUM), LINK)?;
            if flags & KEY != 0 {
                let [a, b, c, _] = *frame.header::<4>(LINK)?;
                if protocol == BRIDGED {
                    frame.realm.enter_overlay([a, b, c]); // NVGRE's virtual subnet; the rest is a flow
                }
            }
            frame.skip(4 * is_set(SEQUENCE), LINK)?;
            match protocol {
                // Type I has no ERSPAN header; only type II has sequence numbers.
                ERSPAN_1_OR_2 if flags & SEQUENCE == 0 => Ok(Layer::Ethernet),
                ERSPAN_1_OR_2 => Ok(Layer::Erspan2),
                ERSPAN_3 => Ok(Layer::Erspan3),
                WCCP => Ok(Layer::Wccp),
                // Frames between access points and controllers of Aruba, numbered by priority.
                aruba if aruba & 0xfe0f == 0x8200 => Ok(Layer::WlanOfTunnel),
                _ => Ok(frame.ethertype(protocol)),
            }
        }
        // PPTP. Without a sequence number there is no payload (RFC 2637, 4.1).
        (1, PPP) if flags & SEQUENCE != 0 => {
            frame.skip(4 * (1 + is_set(SEQUENCE) + is_set(ACKNOWLEDGMENT)), LINK)?;
            Ok(Layer::Ppp)
        }
        (1, PPP) => Ok(frame.undecoded(Carried::Control)),
        _ => Err(Rejection::LinkMalformed),
    }
}
