//! Data packets of LISP (RFC 9300, 5.3).

use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::only_ip;
use super::rejection::Rejection;

/// Consumes the header. The instance tells networks apart as a VNI does. Encrypted packets (RFC 8061) cannot be read.
pub(super) fn peel(frame: &mut Frame) -> Result<Layer, Rejection> {
    const NONCE: u8 = 0x80;
    const ECHO: u8 = 0x20;
    const VERSION: u8 = 0x10;
    const INSTANCE: u8 = 0x08;
    const RESERVED_OR_ENCRYPTED: u8 = 0x07;
    let [flags, _, _, _, instance @ .., _] = *frame.header::<8>(LINK)?;
    let excludes = |one, other| flags & one != 0 && flags & other != 0;
    if flags & RESERVED_OR_ENCRYPTED != 0 || excludes(NONCE, VERSION) || flags & (NONCE | ECHO) == ECHO {
        return Err(Rejection::LinkMalformed);
    }
    let layer = only_ip::layer(frame)?;
    if flags & INSTANCE != 0 {
        frame.realm.enter_overlay(instance);
    }
    Ok(layer)
}
