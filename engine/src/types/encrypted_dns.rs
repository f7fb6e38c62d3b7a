//! The protocols for encrypted DNS.

/// The protocol that carries encrypted DNS.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EncryptedDns {
    /// DNS over TLS (RFC 7858).
    Dot,
    /// DNS over HTTPS (RFC 8484).
    Doh,
    /// DNS over QUIC (RFC 9250).
    Doq,
}

impl EncryptedDns {
    /// All, in order of their number.
    pub const ALL: [Self; 3] = [Self::Dot, Self::Doh, Self::Doq];

    /// Metric label.
    pub fn label(self) -> &'static str {
        match self {
            Self::Dot => "dot",
            Self::Doh => "doh",
            Self::Doq => "doq",
        }
    }
}
