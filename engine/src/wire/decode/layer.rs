//! The protocol of the next header, and the protocol numbers shared by several headers.

/// The protocol of the next header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Layer {
    Ethernet,
    Vlan,
    Llc,
    VnTag,
    MetaData,
    TimestampTag,
    ETag,
    ProviderBackbone,
    SecTag,
    RedundancyTag,
    Trill,
    FabricPath,
    AristaTimestamp,
    SwitchTag,
    LongSwitchTag,
    IpNet,
    Nsh,
    /// The link type in `Frame::link`.
    Link,
    Null,
    LinuxCooked,
    LinuxCooked2,
    Ppp,
    PppSerial,
    CiscoHdlc,
    DirectedPpp,
    DirectedCiscoHdlc,
    DirectedFrameRelay,
    FourBytes,
    FrameRelay,
    RawIp,
    Radiotap,
    Prism,
    Wlan,
    WlanOfTunnel,
    Fddi,
    TokenRing,
    Arcnet,
    LinuxArcnet,
    Preamble,
    PacketFilterLog,
    EncapsulatingInterface,
    PerPacketInformation,
    PacketTap,
    NetfilterLog,
    Juniper,
    Erf,
    SunAtm,
    Infiniband,
    FireWire,
    FibreChannel,
    Mpls,
    Pppoe,
    Gre,
    Wccp,
    Erspan2,
    Erspan3,
    EtherIp,
    Authentication,
    Vxlan,
    VxlanGpe,
    Geneve,
    GtpU,
    Tzsp,
    HpErm,
    L2tp,
    L2tp3,
    Capwap,
    Teredo,
    Lisp,
    Amt,
    Ipv4,
    Ipv6,
    Fragment,
    Tcp,
    Udp,
    /// Nothing that is decoded; `Frame::carried` says what it is.
    Undecoded,
}

impl Layer {
    /// The layer of an EtherType (<https://www.iana.org/assignments/ieee-802-numbers>).
    pub fn of_ethertype(ethertype: u16) -> Option<Self> {
        match ethertype {
            0x0800 => Some(Self::Ipv4),
            0x86dd => Some(Self::Ipv6),
            // 802.1Q, 802.1ad, and the numbers used for stacked tags before it.
            0x8100 | 0x88a8 | 0x8200 | 0x9100 | 0x9200 | 0x9300 => Some(Self::Vlan),
            0x8847 | 0x8848 => Some(Self::Mpls),
            0x8864 => Some(Self::Pppoe),
            0x880b => Some(Self::Ppp),
            0x8870 => Some(Self::Llc),
            // Ethernet in a tunnel ("transparent Ethernet bridging").
            0x6558 => Some(Self::Ethernet),
            0x22f3 => Some(Self::Trill),
            0x88e5 => Some(Self::SecTag),
            0x8903 => Some(Self::FabricPath),
            0xd28b => Some(Self::AristaTimestamp),
            0x88e7 => Some(Self::ProviderBackbone),
            0x8909 => Some(Self::MetaData),
            0x8926 => Some(Self::VnTag),
            0x893f => Some(Self::ETag),
            0x894f => Some(Self::Nsh),
            0x8988 => Some(Self::TimestampTag),
            // HSR, and the tag of 802.1CB.
            0x892f | 0xf1c1 => Some(Self::RedundancyTag),
            _ => None,
        }
    }

    /// The layer of an IP protocol (<https://www.iana.org/assignments/protocol-numbers>).
    #[inline]
    pub fn of_ip_protocol(protocol: u8) -> Option<Self> {
        match protocol {
            6 => Some(Self::Tcp),
            17 => Some(Self::Udp),
            4 => Some(Self::Ipv4),
            41 => Some(Self::Ipv6),
            47 => Some(Self::Gre),
            51 => Some(Self::Authentication),
            97 => Some(Self::EtherIp),
            115 => Some(Self::L2tp3),
            137 => Some(Self::Mpls),     // RFC 4023
            143 => Some(Self::Ethernet), // RFC 8986
            _ => None,
        }
    }
}
