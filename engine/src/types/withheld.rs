//! Why the hardware address of a client is not known although its frames show one.

/// What the hardware address of a client's frames is instead of the client's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)] // explained in netmon/records.py, WITHHELD
pub enum Withheld {
    Forwarded,
    Shared,
}

impl Withheld {
    /// All.
    pub const ALL: [Self; 2] = [Self::Forwarded, Self::Shared];

    /// As Python names it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Forwarded => "forwarded",
            Self::Shared => "shared",
        }
    }
}
