//! What a packet carries that is not decoded, so that a report can name it.

use super::rejection::Rejection;

/// The protocol at which decoding ended, or the defect of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Carried {
    /// A link type of a capture.
    LinkType(u16),
    /// An EtherType, also one in another header, such as GRE.
    EtherType(u16),
    /// The destination SAP of an LLC header, or the code of ARCNET.
    Llc(u8),
    /// A protocol of PPP.
    PppProtocol(u16),
    /// An IP protocol.
    IpProtocol(u8),
    /// Encrypted IEEE 802.11 data.
    EncryptedWlan,
    /// No data of a user: a management frame, a message between network devices.
    Control,
    /// Another rejection of a header.
    Defect(Rejection),
}

impl Carried {
    /// True if it carries no connection of a client, whatever it is: address resolution, control of a network, and
    /// messages about packets. Packets like these are on every network and are no gap in the view.
    pub fn is_control(self) -> bool {
        match self {
            Self::Control => true,
            Self::EtherType(number) => is_control_ethertype(number),
            // Spanning tree, IS-IS, NetBIOS, and SNAP of a vendor (CDP, VTP, PVST).
            Self::Llc(sap) => matches!(sap, 0x42 | 0xfe | 0xf0 | 0xaa | 0x00),
            // Everything above 0x8000 configures the link (RFC 1661, 2).
            Self::PppProtocol(number) => number >= 0x8000 || number == 0x0023,
            // ICMP, IGMP, EGP, IGP, RSVP, NHRP, ICMPv6, no next header, EIGRP, OSPF, PIM, VRRP.
            Self::IpProtocol(number) => {
                matches!(number, 1 | 2 | 8 | 9 | 46 | 54 | 58 | 59 | 88 | 89 | 103 | 112)
            }
            Self::LinkType(_) | Self::EncryptedWlan => false,
            Self::Defect(rejection) => rejection == Rejection::IpFragment,
        }
    }

    /// Its kind, from a closed set, and its number.
    pub fn label(self) -> (&'static str, u16) {
        match self {
            Self::LinkType(number) => ("link_type", number),
            Self::EtherType(number) => ("ethertype", number),
            Self::Llc(number) => ("llc", number.into()),
            Self::PppProtocol(number) => ("ppp_protocol", number),
            Self::IpProtocol(number) => ("ip_protocol", number.into()),
            Self::EncryptedWlan => ("encrypted_wlan", 0),
            Self::Control => ("control", 0),
            Self::Defect(rejection) => (rejection.defect(), 0),
        }
    }
}

/// EtherTypes of protocols between neighbours (<https://www.iana.org/assignments/ieee-802-numbers>).
fn is_control_ethertype(number: u16) -> bool {
    matches!(
        number,
        0x0806 | 0x8035 // ARP, RARP
            | 0x0842 // Wake-on-LAN
            | 0x2000 | 0x2003 | 0x2004 | 0x010b // Cisco's CDP, VTP, DTP and PVST, over GRE or SNAP
            | 0x8808 | 0x8809 // flow control; LACP and other slow protocols
            | 0x8863 // discovery of PPPoE
            | 0x888e | 0x88c7 // 802.1X and its pre-authentication
            | 0x8899 // Realtek's loop detection
            | 0x88cc | 0x88d9 | 0x893a // LLDP, LLTD, 1905.1
            | 0x887b | 0x88e1 | 0x8912 // HomePlug
            | 0x88e3 // MRP, the ring of industrial networks
            | 0x88ee // ELMI
            | 0x88f5 | 0x88f6 | 0x22ea // MVRP, MMRP, MSRP
            | 0x88f7 // PTP
            | 0x88f8 // NC-SI
            | 0x88fb // supervision of HSR and PRP
            | 0x8902 // CFM
            | 0x8914 // FIP
            | 0x8940 | 0x8941 // ECP
            | 0x9000 // loopback test
            | 0x22f4 | 0xfefe // IS-IS and other protocols of OSI
            | 0x2001 | 0x0000 // NHRP and keepalive over GRE
    )
}
