//! What limits the sensor's view of a flow.

/// One limitation of the view.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)] // explained in netmon/records.py, VIEW
pub enum Limitation {
    OneWay,
    NoStart,
    Cut,
    Gap,
    Proxied,
    Unseen,
    Undecoded,
    Duplicates,
    AnswersOnly,
    Malformed,
}

impl Limitation {
    /// All, in the order of a report.
    pub const ALL: [Self; 10] = [
        Self::OneWay,
        Self::NoStart,
        Self::Cut,
        Self::Gap,
        Self::Proxied,
        Self::Unseen,
        Self::Undecoded,
        Self::Duplicates,
        Self::AnswersOnly,
        Self::Malformed,
    ];

    /// As Python names it.
    pub fn label(self) -> &'static str {
        match self {
            Self::OneWay => "one_way",
            Self::NoStart => "no_start",
            Self::Cut => "cut",
            Self::Gap => "gap",
            Self::Proxied => "proxied",
            Self::Unseen => "unseen",
            Self::Undecoded => "undecoded",
            Self::Duplicates => "duplicates",
            Self::AnswersOnly => "answers_only",
            Self::Malformed => "malformed",
        }
    }
}
