//! What the sensor could see of one flow.

use super::unseen_data::UnseenData;
use crate::view::flow_duplicates::FlowDuplicates;
use crate::view::handshake_timer::Handshake;

/// The view of one flow. Only the file that defines a part changes it.
#[derive(Debug, Default)]
pub struct FlowView {
    /// Data that was not seen.
    pub unseen: UnseenData,
    /// Packets that a mirror port delivered twice.
    pub duplicates: FlowDuplicates,
    /// The handshake, for its round trip.
    pub handshake: Handshake,
}
