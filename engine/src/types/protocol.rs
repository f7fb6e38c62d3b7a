//! The transport protocol of a flow or a message.

/// TCP, or UDP with everything that runs over it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Protocol {
    Tcp,
    Udp,
}

impl Protocol {
    /// Both protocols.
    pub const ALL: [Self; 2] = [Self::Tcp, Self::Udp];

    /// As Python names it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }

    /// TCP or, if not, UDP.
    pub fn of(is_tcp: bool) -> Self {
        if is_tcp {
            Self::Tcp
        } else {
            Self::Udp
        }
    }
}
