//! The result type of a parser.

use super::cursor::Short;

/// The two outcomes without an error.
#[derive(Debug, PartialEq, Eq)]
pub enum Progress<T> {
    /// The message is complete.
    Parsed(T),
    /// Valid so far; the message continues beyond the bytes at hand.
    NeedMore,
}

/// Why the bytes are invalid: a short reason from a closed set, used as a metric label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

/// The result of a parser.
pub type Parse<T> = Result<Progress<T>, Malformed>;

impl From<Short> for Malformed {
    fn from(_: Short) -> Self {
        Self("short")
    }
}
