//! What the sensor could see of one flow.

use super::unseen_data::UnseenData;
use crate::view::flow_duplicates::FlowDuplicates;
use crate::view::handshake_timer::Handshake;

/// The view of one flow. Only the file that defines a part changes it.
#[derive(Debug)]
pub struct FlowView {
    /// Data that was not seen.
    pub unseen: UnseenData,
    /// Packets that a mirror port delivered twice.
    pub duplicates: FlowDuplicates,
    /// The handshake, for its round trip.
    pub handshake: Handshake,
}

impl FlowView {
    /// The view of a flow whose first packet `side` has sent.
    pub fn new(side: usize) -> Self {
        Self {
            unseen: UnseenData::default(),
            duplicates: FlowDuplicates::new(side),
            handshake: Handshake::default(),
        }
    }
}
