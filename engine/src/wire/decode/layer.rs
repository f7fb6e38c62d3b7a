//! The protocol of the next header, and the protocol numbers shared by several headers.

use super::rejection::Rejection;

/// The protocol of the next header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Layer {
    Ethernet,
    Vlan,
    Llc,
    Null,
    Loop,
    LinuxCooked,
    LinuxCooked2,
    Ppp,
    PppSerial,
    RawIp,
    Radiotap,
    Wlan,
    Mpls,
    Pppoe,
    Gre,
    Erspan2,
    Erspan3,
    Vxlan,
    Geneve,
    GtpU,
    Ipv4,
    Ipv6,
    Fragment,
    Tcp,
    Udp,
}

impl Layer {
    /// The layer of an EtherType (<https://www.iana.org/assignments/ieee-802-numbers>).
    #[inline]
    pub fn from_ethertype(ethertype: u16) -> Result<Self, Rejection> {
        match ethertype {
            0x0800 => Ok(Self::Ipv4),
            0x86dd => Ok(Self::Ipv6),
            // 802.1Q, 802.1ad, and the number used for stacked tags before 802.1ad.
            0x8100 | 0x88a8 | 0x9100 => Ok(Self::Vlan),
            0x8847 | 0x8848 => Ok(Self::Mpls),
            0x8864 => Ok(Self::Pppoe),
            // Ethernet in a tunnel ("transparent Ethernet bridging").
            0x6558 => Ok(Self::Ethernet),
            _ => Err(Rejection::NotIp),
        }
    }

    /// The layer of an IP protocol (<https://www.iana.org/assignments/protocol-numbers>).
    #[inline]
    pub fn from_ip_protocol(protocol: u8) -> Result<Self, Rejection> {
        match protocol {
            6 => Ok(Self::Tcp),
            17 => Ok(Self::Udp),
            4 => Ok(Self::Ipv4),
            41 => Ok(Self::Ipv6),
            47 => Ok(Self::Gre),
            137 => Ok(Self::Mpls), // RFC 4023
            _ => Err(Rejection::OtherTransport),
        }
    }
}
