//! Why a packet gives no segment.

/// Why a packet gave no segment: station and reason, both metric labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[allow(missing_docs)] // each is named by `label`
pub enum Rejection {
    UnknownLink,
    LinkTruncated,
    LinkMalformed,
    NotIp,
    TooDeep,
    IpTruncated,
    IpMalformed,
    IpFragment,
    OtherTransport,
    TransportTruncated,
    TransportMalformed,
}

impl Rejection {
    /// How many there are.
    pub const COUNT: usize = 11;

    /// All, in order of their number.
    pub const ALL: [Self; Self::COUNT] = [
        Self::UnknownLink,
        Self::LinkTruncated,
        Self::LinkMalformed,
        Self::NotIp,
        Self::TooDeep,
        Self::IpTruncated,
        Self::IpMalformed,
        Self::IpFragment,
        Self::OtherTransport,
        Self::TransportTruncated,
        Self::TransportMalformed,
    ];

    /// (station, reason).
    pub fn label(self) -> (&'static str, &'static str) {
        match self {
            Self::UnknownLink => ("link", "unknown_type"),
            Self::LinkTruncated => ("link", "truncated"),
            Self::LinkMalformed => ("link", "malformed"),
            Self::NotIp => ("link", "not_ip"),
            Self::TooDeep => ("link", "too_deep"),
            Self::IpTruncated => ("ip", "truncated"),
            Self::IpMalformed => ("ip", "malformed"),
            Self::IpFragment => ("ip", "fragment"),
            Self::OtherTransport => ("ip", "other_transport"),
            Self::TransportTruncated => ("transport", "truncated"),
            Self::TransportMalformed => ("transport", "malformed"),
        }
    }
}
