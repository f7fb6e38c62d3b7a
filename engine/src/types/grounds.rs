//! What the match of a flow with a signature rests on.

/// How far a match shows that the flow's client meant the vendor, strongest first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)] // explained in netmon/records.py, GROUNDS
pub enum Grounds {
    Own,
    Holder,
    Hearsay,
    Unsolicited,
}

impl Grounds {
    /// All, strongest first.
    pub const ALL: [Self; 4] = [Self::Own, Self::Holder, Self::Hearsay, Self::Unsolicited];

    /// As Python names it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Holder => "holder",
            Self::Hearsay => "hearsay",
            Self::Unsolicited => "unsolicited",
        }
    }
}
