//! The occasions on which a flow is reported.

use crate::types::end_reason::EndReason;

/// The phase of a flow's life that a report is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// The flow matches a signature, or is reported for its DNS.
    Open,
    /// It continues.
    Update,
    /// It is over.
    End(EndReason),
}

impl Phase {
    /// All labels.
    pub const LABELS: [&'static str; 3] = ["open", "update", "end"];

    /// As Python names it.
    pub fn label(self) -> &'static str {
        let [open, update, end] = Self::LABELS;
        match self {
            Self::Open => open,
            Self::Update => update,
            Self::End(_) => end,
        }
    }

    /// How the flow ended, if it did.
    pub fn end_reason(self) -> Option<EndReason> {
        match self {
            Self::Open | Self::Update => None,
            Self::End(reason) => Some(reason),
        }
    }
}
