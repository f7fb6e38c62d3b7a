//! Whether a middlebox answers in the servers' names.

/// What round trips to unrelated destinations suggest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Interception {
    /// Too few destinations for a judgement.
    #[default]
    Unknown,
    /// Destinations lie at different distances, as real ones do.
    Unlikely,
    /// Unrelated destinations are equally near.
    Suspected,
}

impl Interception {
    /// All values.
    pub const ALL: [Self; 3] = [Self::Unknown, Self::Unlikely, Self::Suspected];

    /// As Python names it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Unlikely => "unlikely",
            Self::Suspected => "suspected",
        }
    }
}
