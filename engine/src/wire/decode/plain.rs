//! What almost every packet is: TCP or UDP in IP, without options, extensions and fragments, in Ethernet with one VLAN tag
//! or none. Its fields are at fixed places, so they are read at once, in a quarter of the instructions that the loop over
//! headers needs. `decode` has the same result for these packets, which the tests and the fuzzer compare.

use super::segment::{Segment, Transport};
use super::tunnel_ports::TunnelPorts;
use super::walk::ETHERNET;
use crate::address::realm::Realm;
use crate::address::Address;

const VLAN: [u8; 2] = [0x81, 0x00];
const IPV4: [u8; 2] = [0x08, 0x00];
const IPV6: [u8; 2] = [0x86, 0xdd];
const TCP: u8 = 6;
const UDP: u8 = 17;
const IPV4_HEADER: usize = 20;
const IPV6_HEADER: usize = 40;
const TCP_HEADER: usize = 20;
const UDP_HEADER: usize = 8;

/// What the IP header says; its length has been taken off.
struct Ip {
    ends: [Address; 2],
    protocol: u8,
    hops: u8,
    identification: u32,
    ip_bytes: usize,
    payload_len: usize,
}

/// The segment of a packet that is such a packet; `decode` reads all others, and finds out what is wrong with them.
#[inline(always)] // the path of almost every packet
pub fn plain_segment<'a>(link: u16, bytes: &'a [u8], ports: &TunnelPorts) -> Option<Segment<'a>> {
    if link != ETHERNET {
        return None;
    }
    let (ethernet, mut rest) = bytes.split_first_chunk::<14>()?;
    let [_, _, _, _, _, _, station @ .., high, low] = ethernet;
    let mut realm = Realm::NONE;
    let mut ethertype = [*high, *low];
    if ethertype == VLAN {
        let ([tag @ .., high, low], inside) = rest.split_first_chunk::<4>()?;
        realm.add_vlan(*tag);
        (ethertype, rest) = ([*high, *low], inside);
    }
    let (ip, inside) = match ethertype {
        IPV4 => read_ipv4(rest)?,
        IPV6 => read_ipv6(rest)?,
        _ => return None,
    };
    let inside = inside.get(..ip.payload_len).unwrap_or(inside);
    let (header, transport, payload, payload_len) = match ip.protocol {
        TCP => read_tcp(inside, ip.payload_len)?,
        UDP => read_udp(inside)?,
        _ => return None,
    };
    let [a, b, c, d, ..] = *header else { return None };
    let (src_port, dst_port) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
    if ip.protocol == UDP && ports.tunnel(src_port, dst_port).is_some() {
        return None;
    }
    let [src, dst] = ip.ends;
    Some(Segment {
        src,
        dst,
        src_port,
        dst_port,
        ip_bytes: ip.ip_bytes as u32,
        ip_packets: 1,
        identification: ip.identification,
        realm,
        mac: Some(station),
        hops: ip.hops,
        header,
        transport,
        payload,
        payload_len: payload_len as u32,
    })
}

#[inline(always)]
fn read_ipv4(bytes: &[u8]) -> Option<(Ip, &[u8])> {
    const NO_OPTIONS: u8 = 0x45;
    const FRAGMENT: u8 = 0x3f; // more fragments, and the upper half of the offset
    let (header, inside) = bytes.split_first_chunk::<IPV4_HEADER>()?;
    let [version, _, b, a, d, c, fragment, offset, hops, protocol, _, _, ends @ ..] = *header;
    let ip_bytes = usize::from(u16::from_be_bytes([b, a]));
    if version != NO_OPTIONS || fragment & FRAGMENT != 0 || offset != 0 {
        return None;
    }
    let [e, f, g, h, i, j, k, l] = ends;
    let ip = Ip {
        ends: [Address::v4([e, f, g, h]), Address::v4([i, j, k, l])],
        protocol,
        hops,
        identification: u32::from(u16::from_be_bytes([d, c])),
        ip_bytes,
        payload_len: ip_bytes.checked_sub(IPV4_HEADER)?,
    };
    Some((ip, inside))
}

#[inline(always)]
fn read_ipv6(bytes: &[u8]) -> Option<(Ip, &[u8])> {
    let (header, inside) = bytes.split_first_chunk::<IPV6_HEADER>()?;
    let [version, _, _, _, high, low, protocol, hops, ends @ ..] = header;
    let payload_len = usize::from(u16::from_be_bytes([*high, *low]));
    if version >> 4 != 6 || payload_len == 0 {
        return None;
    }
    let (src, dst) = ends.split_first_chunk::<16>()?;
    let ip = Ip {
        ends: [Address::v6(*src), Address::v6(*dst.first_chunk()?)],
        protocol: *protocol,
        hops: *hops,
        identification: 0,
        ip_bytes: IPV6_HEADER + payload_len,
        payload_len,
    };
    Some((ip, inside))
}

type Parts<'a> = (&'a [u8], Transport, &'a [u8], usize);

#[inline(always)]
fn read_tcp(bytes: &[u8], len: usize) -> Option<Parts<'_>> {
    let (fixed, _) = bytes.split_first_chunk::<TCP_HEADER>()?;
    let [_, _, _, _, s, t, u, v, w, x, y, z, offset, flags, ..] = *fixed;
    let header_len = usize::from(offset >> 4) * 4;
    if header_len < TCP_HEADER {
        return None;
    }
    let (header, payload) = bytes.split_at_checked(header_len)?;
    let transport = Transport::Tcp {
        seq: u32::from_be_bytes([s, t, u, v]),
        ack: u32::from_be_bytes([w, x, y, z]),
        flags,
    };
    Some((header, transport, payload, len - header_len))
}

#[inline(always)]
fn read_udp(bytes: &[u8]) -> Option<Parts<'_>> {
    let (header, inside) = bytes.split_first_chunk::<UDP_HEADER>()?;
    let len = usize::from(u16::from_be_bytes([header[4], header[5]]));
    let payload_len = len.checked_sub(UDP_HEADER)?;
    Some((header, Transport::Udp, inside.get(..payload_len).unwrap_or(inside), payload_len))
}
