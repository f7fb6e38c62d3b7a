//! Cisco MetaData (CMD), which carries the security group tag (SGT) of TrustSec.

use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::rejection::Rejection;

/// Consumes version, length, the options and the type that follows them.
pub(super) fn peel(frame: &mut Frame) -> Result<Layer, Rejection> {
    /// An option: its length and type, and the tag.
    const OPTION: usize = 4;
    let [_, options] = *frame.header::<2>(LINK)?;
    frame.skip(usize::from(options) * OPTION, LINK)?;
    let [high, low] = *frame.header::<2>(LINK)?;
    Ok(frame.ethertype(u16::from_be_bytes([high, low])))
}
