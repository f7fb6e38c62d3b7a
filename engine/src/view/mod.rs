//! What the sensor's vantage point let it see: duplicates made by mirror ports, bytes it missed, round trips of
//! handshakes, and whether a middlebox answers them.

pub mod counting;
pub mod duplicates;
pub mod flow_view;
pub mod handshake_timer;
pub mod interception_detector;
pub mod unseen_data;
