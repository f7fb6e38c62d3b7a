//! A network interface: its names, its link type, its state, and its dropped packets.

use super::capture_error::CaptureError;
use super::netlink::Netlink;
use std::ffi::c_int;
use std::io;

/// Link types as registered for pcap.
pub(super) const ETHERNET: u16 = 1;
const RAW_IP: u16 = 101;
/// Hardware type of interfaces without a link layer (`ARPHRD_RAWIP` of Linux).
const ARPHRD_RAWIP: u16 = 519;

// Attributes of an interface (linux/if_link.h).
const IFLA_IFNAME: u16 = 3;
const IFLA_STATS64: u16 = 23;
const IFLA_CARRIER_DOWN_COUNT: u16 = 48;
const IFLA_PROP_LIST: u16 = 52;
const IFLA_ALT_IFNAME: u16 = 53;
/// The bits of an attribute's type besides flags.
const TYPE: u16 = 0x3fff;
// Offsets in `struct rtnl_link_stats64`.
const RX_DROPPED: usize = 48;
const RX_MISSED: usize = 120;

/// A network interface, as it was when the kernel was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// Its alternative names.
    pub other_names: Vec<String>,
    /// Its index in this network namespace.
    pub index: c_int,
    /// Its hardware type (`ARPHRD_*`).
    pub hardware: u16,
    /// It was brought up.
    pub is_up: bool,
    /// The other end of its cable is there.
    pub has_carrier: bool,
    /// How often the carrier was lost since the interface was created.
    pub carrier_losses: u32,
    /// Packets dropped by the card or its driver before any socket saw them.
    pub dropped: u64,
}

impl Interface {
    /// All interfaces of this network namespace.
    ///
    /// # Errors
    ///
    /// Those of the kernel; `Interrupted` if they keep changing.
    pub fn list() -> io::Result<Vec<Self>> {
        Netlink::list(Self::parse)
    }

    /// The interface called `name`; the error lists the existing interfaces.
    pub fn find(name: &str) -> Result<Self, CaptureError> {
        let all = Self::list()
            .map_err(|error| CaptureError(format!("cannot list the network interfaces: {error}")))?;
        let names: Vec<_> = all.iter().map(|interface| interface.name.clone()).collect();
        let missing = || CaptureError(format!("{name}: no such interface; available: {}", names.join(", ")));
        all.into_iter().find(|interface| interface.is_called(name)).ok_or_else(missing)
    }

    /// True if this is one of its names.
    pub fn is_called(&self, name: &str) -> bool {
        self.name == name || self.other_names.iter().any(|other| other == name)
    }

    /// Link type of its frames on a raw packet socket.
    pub fn link(&self) -> Result<u16, CaptureError> {
        match self.hardware {
            libc::ARPHRD_ETHER | libc::ARPHRD_LOOPBACK => Ok(ETHERNET),
            libc::ARPHRD_NONE | ARPHRD_RAWIP => Ok(RAW_IP),
            other => Err(CaptureError(format!(
                "{}: hardware type {other} is not supported; Ethernet, loopback and raw IP interfaces can be captured",
                self.name
            ))),
        }
    }

    /// True for the loopback interface, on which every packet is both sent and received.
    pub fn is_loopback(&self) -> bool {
        self.hardware == libc::ARPHRD_LOOPBACK
    }

    /// Why no sieve is used on it; None if one is, or if it cannot be captured.
    pub fn sieve_obstacle(&self) -> Option<&'static str> {
        match self.link() {
            // It would be counted twice.
            _ if self.is_loopback() => Some("each packet passes a loopback interface twice"),
            Ok(ETHERNET) | Err(_) => None,
            Ok(_) => Some("packets have no Ethernet header"),
        }
    }

    /// What to do if it is down.
    pub fn advice_if_down(&self) -> String {
        format!("the interface is down; bring it up: ip link set dev {} up", self.name)
    }

    /// From a message of the kernel: `struct ifinfomsg` and attributes.
    fn parse(message: &[u8]) -> Option<Self> {
        let flags = u32::from_ne_bytes(field(message, 8)?) as c_int;
        let mut interface = Self {
            hardware: u16::from_ne_bytes(field(message, 2)?),
            index: c_int::from_ne_bytes(field(message, 4)?),
            is_up: flags & libc::IFF_UP != 0,
            has_carrier: flags & libc::IFF_LOWER_UP != 0,
            ..Self::default()
        };
        for (kind, value) in Attributes(message.get(size_of::<libc::ifinfomsg>()..)?) {
            match kind {
                IFLA_IFNAME => interface.name = text(value),
                IFLA_STATS64 => {
                    let counter = |at| field(value, at).map_or(0, u64::from_ne_bytes);
                    interface.dropped = counter(RX_DROPPED).saturating_add(counter(RX_MISSED));
                }
                IFLA_CARRIER_DOWN_COUNT => {
                    interface.carrier_losses = field(value, 0).map_or(0, u32::from_ne_bytes);
                }
                IFLA_PROP_LIST => {
                    let names = Attributes(value).filter(|(kind, _)| *kind == IFLA_ALT_IFNAME);
                    interface.other_names.extend(names.map(|(_, name)| text(name)));
                }
                _ => {}
            }
        }
        (!interface.name.is_empty()).then_some(interface)
    }
}

/// Attributes of a netlink message (`struct rtattr`): their types and values.
struct Attributes<'a>(&'a [u8]);

impl<'a> Iterator for Attributes<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let length = usize::from(u16::from_ne_bytes(field(self.0, 0)?));
        let kind = u16::from_ne_bytes(field(self.0, 2)?);
        let value = self.0.get(4..length)?;
        self.0 = self.0.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind & TYPE, value))
    }
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

/// A text that ends in a zero byte.
fn text(value: &[u8]) -> String {
    let end = value.iter().position(|&byte| byte == 0).unwrap_or(value.len());
    String::from_utf8_lossy(&value[..end]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
        let mut bytes = ((value.len() + 4) as u16).to_ne_bytes().to_vec();
        bytes.extend(kind.to_ne_bytes());
        bytes.extend(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn message() -> Vec<u8> {
        let mut counters = [0; 200];
        counters[RX_DROPPED] = 5;
        counters[RX_MISSED] = 2;
        let mut bytes = vec![0, 0, 1, 0, 7, 0, 0, 0];
        bytes.extend(((libc::IFF_UP | libc::IFF_LOWER_UP) as u32).to_ne_bytes());
        bytes.extend([0; 4]);
        bytes.extend(attribute(IFLA_IFNAME, b"eth1\0"));
        bytes.extend(attribute(IFLA_STATS64, &counters));
        bytes.extend(attribute(IFLA_CARRIER_DOWN_COUNT, &[3, 0, 0, 0]));
        bytes.extend(attribute(IFLA_PROP_LIST | 0x8000, &attribute(IFLA_ALT_IFNAME, b"enp3s0\0")));
        bytes
    }

    #[test]
    fn an_interface_is_read_from_a_message() {
        let interface = Interface::parse(&message()).expect("it is complete");
        let expected = Interface {
            name: "eth1".into(),
            other_names: vec!["enp3s0".into()],
            index: 7,
            hardware: libc::ARPHRD_ETHER,
            is_up: true,
            has_carrier: true,
            carrier_losses: 3,
            dropped: 7,
        };
        assert_eq!(interface, expected);
        assert!(interface.is_called("eth1") && interface.is_called("enp3s0") && !interface.is_called("eth"));
    }

    #[test]
    fn a_message_that_is_cut_anywhere_does_no_harm() {
        let whole = message();
        for length in 0..whole.len() {
            let _ = Interface::parse(&whole[..length]);
        }
        assert!(Interface::parse(&whole[..16]).is_none(), "it has no name");
    }

    #[test]
    fn the_error_for_a_missing_interface_lists_the_existing_ones() {
        let error = Interface::find("nosuch0").expect_err("it does not exist").0;
        assert!(error.starts_with("nosuch0: no such interface; available: "), "{error}");
        assert!(error.contains("lo"), "{error}");
        assert!(Interface::find("zero\0inside").is_err());
    }
}
