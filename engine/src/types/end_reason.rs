//! How a flow ended.

/// Why a flow is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)] // explained in netmon/records.py, EndReason
pub enum EndReason {
    Fin,
    Rst,
    Idle,
    Evicted,
    Reused,
    CaptureEnd,
}

impl EndReason {
    /// All reasons.
    pub const ALL: [Self; 6] =
        [Self::Fin, Self::Rst, Self::Idle, Self::Evicted, Self::Reused, Self::CaptureEnd];

    /// As Python names it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Fin => "fin",
            Self::Rst => "rst",
            Self::Idle => "idle",
            Self::Evicted => "evicted",
            Self::Reused => "reused",
            Self::CaptureEnd => "capture_end",
        }
    }
}
