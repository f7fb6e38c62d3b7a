//! How far the two ends of a flow came in contact.

/// What was exchanged, from nothing to data.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[allow(missing_docs)] // explained in netmon/records.py, CONTACTS
pub enum Contact {
    Attempted,
    Refused,
    Answered,
    Data,
}

impl Contact {
    /// All, weakest first.
    pub const ALL: [Self; 4] = [Self::Attempted, Self::Refused, Self::Answered, Self::Data];

    /// As Python names it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Attempted => "attempted",
            Self::Refused => "refused",
            Self::Answered => "answered",
            Self::Data => "data",
        }
    }
}
