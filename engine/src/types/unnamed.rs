//! The reasons why a flow has no name.

/// Why a flow has no name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)] // explained in netmon/records.py, UNNAMED
pub enum Unnamed {
    Ech,
    NoHelloSeen,
    NoServerName,
    TruncatedCapture,
    EncryptedDns,
    StartedBeforeSensor,
    StartUnknown,
    NotTls,
    Malformed,
    UnknownQuicVersion,
}

impl Unnamed {
    /// All, in order of their number.
    pub const ALL: [Self; 10] = [
        Self::Ech,
        Self::NoHelloSeen,
        Self::NoServerName,
        Self::TruncatedCapture,
        Self::EncryptedDns,
        Self::StartedBeforeSensor,
        Self::StartUnknown,
        Self::NotTls,
        Self::Malformed,
        Self::UnknownQuicVersion,
    ];

    /// Metric label.
    pub fn label(self) -> &'static str {
        match self {
            Self::Ech => "ech",
            Self::NoHelloSeen => "no_hello_seen",
            Self::NoServerName => "no_server_name",
            Self::TruncatedCapture => "truncated_capture",
            Self::EncryptedDns => "encrypted_dns",
            Self::StartedBeforeSensor => "started_before_sensor",
            Self::StartUnknown => "start_unknown",
            Self::NotTls => "not_tls",
            Self::Malformed => "malformed",
            Self::UnknownQuicVersion => "unknown_quic_version",
        }
    }
}
