//! How far the round trips of a flow are measured.

/// How far the measurement of round trips has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimingStage {
    /// Nothing seen.
    Waiting,
    /// Opened, and not answered yet.
    Opened,
    /// The round trip of the opening is measured.
    Measured,
    /// The client has sent its first data.
    Sent,
    /// Both round trips are measured.
    Both,
    /// A round trip is not measured, nor will it be.
    Untimed,
}
