//! The error of `decode`.

use super::carried::Carried;
use super::rejection::Rejection;

/// Why no segment was decoded from a packet, and what it carries instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undecoded {
    /// The reason, a metric label.
    pub rejection: Rejection,
    /// The protocol or the defect at which decoding ended.
    pub carried: Carried,
}

impl From<Rejection> for Undecoded {
    fn from(rejection: Rejection) -> Self {
        Self { rejection, carried: Carried::Defect(rejection) }
    }
}

impl From<Carried> for Undecoded {
    fn from(carried: Carried) -> Self {
        let rejection = match carried {
            Carried::LinkType(_) => Rejection::UnknownLink,
            Carried::IpProtocol(_) => Rejection::OtherTransport,
            Carried::Defect(rejection) => rejection,
            _ => Rejection::NotIp,
        };
        Self { rejection, carried }
    }
}
