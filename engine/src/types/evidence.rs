//! How the name of a flow is known.

/// How a name is known, strongest first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)] // explained in netmon/records.py, EVIDENCE
pub enum Evidence {
    Sni,
    QuicSni,
    HttpHost,
    Certificate,
    DnsClient,
    DnsAny,
    DnsUnsolicited,
    Payload,
    Network,
    EchOuter,
    None,
}

impl Evidence {
    /// All, in order of their number.
    pub const ALL: [Self; 11] = [
        Self::Sni,
        Self::QuicSni,
        Self::HttpHost,
        Self::Certificate,
        Self::DnsClient,
        Self::DnsAny,
        Self::DnsUnsolicited,
        Self::Payload,
        Self::Network,
        Self::EchOuter,
        Self::None,
    ];

    /// A name was found. Other evidence matches a signature at most, or shows what hides the name.
    pub fn is_name(self) -> bool {
        !matches!(self, Self::DnsUnsolicited | Self::Payload | Self::Network | Self::EchOuter | Self::None)
    }

    /// Metric label.
    pub fn label(self) -> &'static str {
        match self {
            Self::Sni => "sni",
            Self::QuicSni => "quic_sni",
            Self::HttpHost => "http_host",
            Self::Certificate => "certificate",
            Self::DnsClient => "dns_client",
            Self::DnsAny => "dns_any",
            Self::DnsUnsolicited => "dns_unsolicited",
            Self::Payload => "payload",
            Self::Network => "network",
            Self::EchOuter => "ech_outer",
            Self::None => "none",
        }
    }
}
