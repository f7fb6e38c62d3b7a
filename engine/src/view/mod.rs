//! What the sensor's vantage point let it see: duplicates made by mirror ports, bytes it missed, round trips of
//! handshakes, and whether a middlebox answers them.
//!
//! `flow_view` is the part of a flow that this module owns. `report::flow_record` turns it into the `view` of a
//! record; `counting` and `report::accounting` add it to the counters of an interface.

pub mod counting;
pub mod delivery;
pub mod duplicates;
pub mod flow_duplicates;
pub mod flow_view;
pub mod handshake_timer;
pub mod interception_detector;
pub mod interface_delivery;
pub mod noted_packet;
pub mod recent_packets;
pub mod repetition;
pub mod side_realms;
pub mod sightings;
pub mod timing_stage;
pub mod unseen_data;
