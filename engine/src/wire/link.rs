//! Link layers: Ethernet with VLAN tags, raw IP, null/loopback, PPP, and Linux "cooked" captures.

use super::decode::ethertype;
use super::Rejection;

/// Link types as registered for pcap (<https://www.tcpdump.org/linktypes.html>).
pub mod linktype {
    #![allow(missing_docs)]
    pub const NULL: u16 = 0;
    pub const ETHERNET: u16 = 1;
    pub const PPP: u16 = 9;
    pub const RAW_BSD: u16 = 12;
    pub const RAW_OPENBSD: u16 = 14;
    pub const RAW: u16 = 101;
    pub const LOOP: u16 = 108;
    pub const LINUX_SLL: u16 = 113;
    pub const IPV4: u16 = 228;
    pub const IPV6: u16 = 229;
    pub const LINUX_SLL2: u16 = 276;
}

/// VLAN tags in one frame.
const MAX_TAGS: usize = 8;

/// What a frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Network {
    Ipv4,
    Ipv6,
}

/// The network layer of a frame, and where it begins.
#[inline]
pub fn network_layer(link: u16, bytes: &[u8]) -> Result<(Network, usize), Rejection> {
    match link {
        linktype::ETHERNET => ethernet(bytes),
        linktype::RAW | linktype::RAW_BSD | linktype::RAW_OPENBSD | linktype::IPV4 | linktype::IPV6 => {
            by_ip_version(bytes, 0)
        }
        linktype::NULL | linktype::LOOP => null(bytes),
        linktype::PPP => ppp(bytes),
        linktype::LINUX_SLL => by_ethertype(bytes, 14, 16),
        linktype::LINUX_SLL2 => by_ethertype(bytes, 0, 20),
        _ => Err(Rejection::UnknownLink),
    }
}

#[inline]
fn ethernet(bytes: &[u8]) -> Result<(Network, usize), Rejection> {
    match bytes.get(12..14) {
        Some([0x08, 0x00]) => Ok((Network::Ipv4, 14)), // the common case first
        Some(_) => by_ethertype(bytes, 12, 14),
        None => Err(Rejection::LinkTruncated),
    }
}

/// Reads the EtherType at `type_at`, then steps over VLAN tags (802.1Q, 802.1ad) from `at` on.
fn by_ethertype(bytes: &[u8], type_at: usize, mut at: usize) -> Result<(Network, usize), Rejection> {
    let mut kind = u16_at(bytes, type_at).ok_or(Rejection::LinkTruncated)?;
    for _ in 0..=MAX_TAGS {
        match kind {
            ethertype::IPV4 => return begins(bytes, Network::Ipv4, at),
            ethertype::IPV6 => return begins(bytes, Network::Ipv6, at),
            ethertype::VLAN | ethertype::SERVICE_VLAN | ethertype::OLD_SERVICE_VLAN => {
                kind = u16_at(bytes, at + 2).ok_or(Rejection::LinkTruncated)?;
                at += 4;
            }
            0..=1500 => return llc_snap(bytes, at), // IEEE 802.3: a length
            _ => return Err(Rejection::NotIp),
        }
    }
    Err(Rejection::LinkMalformed)
}

/// 802.2 LLC with SNAP and an EtherType (RFC 1042).
fn llc_snap(bytes: &[u8], at: usize) -> Result<(Network, usize), Rejection> {
    match (bytes.get(at..at + 6), u16_at(bytes, at + 6)) {
        (Some([0xaa, 0xaa, 0x03, 0, 0, 0]), Some(ethertype::IPV4)) => begins(bytes, Network::Ipv4, at + 8),
        (Some([0xaa, 0xaa, 0x03, 0, 0, 0]), Some(ethertype::IPV6)) => begins(bytes, Network::Ipv6, at + 8),
        _ => Err(Rejection::NotIp),
    }
}

/// Four bytes of address family, in the byte order of the machine that captured (or, for LOOP, of
/// the network). The families of all BSDs and Linux are told by the IP version that follows.
fn null(bytes: &[u8]) -> Result<(Network, usize), Rejection> {
    match bytes.get(..4) {
        Some([0, 0, 0, 2 | 24 | 28 | 30] | [2 | 24 | 28 | 30, 0, 0, 0]) => by_ip_version(bytes, 4),
        Some(_) => Err(Rejection::NotIp),
        None => Err(Rejection::LinkTruncated),
    }
}

/// PPP (RFC 1661), with or without the address and control bytes of HDLC framing.
fn ppp(bytes: &[u8]) -> Result<(Network, usize), Rejection> {
    let at = if bytes.starts_with(&[0xff, 0x03]) { 2 } else { 0 };
    match u16_at(bytes, at) {
        Some(0x0021) => begins(bytes, Network::Ipv4, at + 2),
        Some(0x0057) => begins(bytes, Network::Ipv6, at + 2),
        Some(_) => Err(Rejection::NotIp),
        None => Err(Rejection::LinkTruncated),
    }
}

fn by_ip_version(bytes: &[u8], at: usize) -> Result<(Network, usize), Rejection> {
    match bytes.get(at).map(|byte| byte >> 4) {
        Some(4) => Ok((Network::Ipv4, at)),
        Some(6) => Ok((Network::Ipv6, at)),
        Some(_) => Err(Rejection::NotIp),
        None => Err(Rejection::LinkTruncated),
    }
}

fn begins(bytes: &[u8], network: Network, at: usize) -> Result<(Network, usize), Rejection> {
    if bytes.len() < at {
        return Err(Rejection::LinkTruncated);
    }
    Ok((network, at))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2).map(|b| u16::from_be_bytes([b[0], b[1]]))
}
