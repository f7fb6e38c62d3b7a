//! What the Encrypted Client Hello extension of a hello is (RFC 9849).

/// The two meanings of the extension; a hello without it has no state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EchState {
    /// GREASE: the server_name in the hello is the real one.
    Grease,
    /// The name is encrypted: the server_name in the hello is the public name of the client-facing server.
    Used,
}

impl EchState {
    /// All, in order of their number.
    pub const ALL: [Self; 2] = [Self::Grease, Self::Used];

    /// Metric label.
    pub fn label(self) -> &'static str {
        match self {
            Self::Grease => "grease",
            Self::Used => "used",
        }
    }
}
