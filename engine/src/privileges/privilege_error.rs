//! Why the process must not go on.

/// A step that failed and without which the process would keep too much, in one line.
#[derive(Debug)]
pub struct PrivilegeError(pub String);
