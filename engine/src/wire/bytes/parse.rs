//! What a parser returns.

use super::cursor::Short;

/// A parser's good outcomes.
#[derive(Debug, PartialEq, Eq)]
pub enum Progress<T> {
    /// The whole message.
    Parsed(T),
    /// Right so far, but it goes on.
    NeedMore,
}

/// Why bytes are not what they claim to be: a short reason from a closed set, used as a metric label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

/// What a parser returns.
pub type Parse<T> = Result<Progress<T>, Malformed>;

impl From<Short> for Malformed {
    fn from(_: Short) -> Self {
        Self("short")
    }
}
