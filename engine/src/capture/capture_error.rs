//! Why a source of packets cannot be used.

use std::fmt;

/// A source that cannot be opened or read, told in one line: what, where, what to do.
#[derive(Debug)]
pub struct CaptureError(pub String);

impl fmt::Display for CaptureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CaptureError {}
