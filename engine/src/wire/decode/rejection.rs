//! Why no segment can be decoded from a packet.

/// Why no segment was decoded: stage and reason, both metric labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
#[allow(missing_docs)] // `label` names each
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
    /// The number of variants.
    pub const COUNT: usize = 11;

    /// All variants, in numerical order.
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

    /// True if no complete IP header was read that names its transport.
    pub(super) fn is_before_transport(self) -> bool {
        use Rejection::{IpMalformed, IpTruncated, LinkMalformed, LinkTruncated, NotIp, TooDeep};
        matches!(self, LinkTruncated | LinkMalformed | NotIp | TooDeep | IpTruncated | IpMalformed)
    }

    /// What is wrong with a header, in the fewest kinds that tell a reader something different.
    pub fn defect(self) -> &'static str {
        match self {
            Self::LinkTruncated | Self::IpTruncated | Self::TransportTruncated => "truncated",
            Self::LinkMalformed | Self::IpMalformed | Self::TransportMalformed => "malformed",
            Self::TooDeep => "too_deep",
            Self::IpFragment => "incomplete_fragments",
            Self::UnknownLink | Self::NotIp | Self::OtherTransport => "not_ip",
        }
    }

    /// Values of the metric labels `station` and `reason`.
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
