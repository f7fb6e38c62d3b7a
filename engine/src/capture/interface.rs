//! Properties of a network interface: its index, its link type, and its dropped packets.

use super::capture_error::CaptureError;
use std::ffi::{c_int, CStr, CString};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixDatagram;

/// Link types as registered for pcap.
pub(super) const ETHERNET: u16 = 1;
const RAW_IP: u16 = 101;
/// Hardware type of interfaces without a link layer (`ARPHRD_RAWIP` of Linux).
const ARPHRD_RAWIP: u16 = 519;

/// A network interface.
#[derive(Clone, Debug)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// Its index in this network namespace.
    pub index: c_int,
}

impl Interface {
    /// The interface called `name`; the error lists the existing interfaces.
    pub fn find(name: &str) -> Result<Self, CaptureError> {
        let missing =
            || CaptureError(format!("{name}: no such interface; available: {}", names().join(", ")));
        let c_name = CString::new(name).map_err(|_| missing())?;
        // SAFETY: `c_name` is a zero-terminated string that outlives the call.
        let index = unsafe { libc::if_nametoindex(c_name.as_ptr()) };
        match c_int::try_from(index) {
            Ok(index) if index > 0 => Ok(Self { name: name.to_owned(), index }),
            _ => Err(missing()),
        }
    }

    /// True while an interface of this name and index exists.
    pub fn exists(&self) -> bool {
        Self::find(&self.name).is_ok_and(|now| now.index == self.index)
    }

    /// Link type of its frames on a raw packet socket, derived from the hardware type (`ARPHRD_*`).
    pub fn link(&self) -> Result<u16, CaptureError> {
        match self.hardware_type() {
            Ok(libc::ARPHRD_ETHER | libc::ARPHRD_LOOPBACK) => Ok(ETHERNET),
            Ok(libc::ARPHRD_NONE | ARPHRD_RAWIP) => Ok(RAW_IP),
            Ok(other) => Err(CaptureError(format!(
                "{}: hardware type {other} is not supported; Ethernet, loopback and raw IP interfaces can be captured",
                self.name
            ))),
            Err(error) => Err(CaptureError(format!("{}: cannot read its hardware type: {error}", self.name))),
        }
    }

    /// True for the loopback interface, on which every packet is both sent and received.
    pub fn is_loopback(&self) -> bool {
        matches!(self.hardware_type(), Ok(libc::ARPHRD_LOOPBACK))
    }

    fn hardware_type(&self) -> io::Result<u16> {
        // The request works on any socket; this kind needs no privileges and no port.
        let socket = UnixDatagram::unbound()?;
        // SAFETY: `ifreq` consists of integers and arrays of integers, for which all-zero is valid.
        let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
        // The last byte stays zero and terminates the name.
        let room = request.ifr_name.len() - 1;
        for (to, from) in request.ifr_name.iter_mut().zip(self.name.bytes().take(room)) {
            *to = from as libc::c_char;
        }
        // SAFETY: SIOCGIFHWADDR reads `ifr_name` and writes `ifr_hwaddr` of the given `ifreq`, to which
        // nothing else refers during the call.
        if unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCGIFHWADDR, &mut request) } != 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the call above succeeded, so `ifr_hwaddr` is the member that was written.
        Ok(unsafe { request.ifr_ifru.ifru_hwaddr.sa_family })
    }
}

/// Names of all interfaces of this network namespace.
fn names() -> Vec<String> {
    let mut names = Vec::new();
    // SAFETY: the call has no preconditions; null is handled below.
    let list = unsafe { libc::if_nameindex() };
    if list.is_null() {
        return names;
    }
    let mut entry = list;
    // SAFETY: `list` is an array that ends with an entry of index 0 (RFC 3493, 4.3); `entry` advances by one
    // up to that entry, and the names of the entries before it are C strings.
    unsafe {
        while (*entry).if_index != 0 {
            names.push(CStr::from_ptr((*entry).if_name).to_string_lossy().into_owned());
            entry = entry.add(1);
        }
    }
    // SAFETY: `list` was returned by `if_nameindex`, is freed once, and its names were copied.
    unsafe { libc::if_freenameindex(list) };
    names
}

/// Packets dropped by an interface since the creation of this value. No ring has seen them.
#[derive(Clone, Debug)]
pub struct InterfaceDrops {
    name: String,
    before: u64,
}

impl InterfaceDrops {
    /// Starts counting.
    pub fn since_now(name: &str) -> Self {
        Self { name: name.to_owned(), before: dropped(name).unwrap_or(0) }
    }

    /// Packets dropped by the card or its driver since then.
    pub fn count(&self) -> u64 {
        // A reset card counts from zero again.
        dropped(&self.name).map_or(0, |now| now.checked_sub(self.before).unwrap_or(now))
    }
}

/// `rx_dropped` + `rx_missed_errors`, the sum of which is in `/proc/net/dev`. /sys has the same counters, but
/// for the network namespace in which it was mounted, which may be another one.
fn dropped(name: &str) -> Option<u64> {
    dropped_in(&std::fs::read_to_string("/proc/thread-self/net/dev").ok()?, name)
}

/// A line is "  eth0: bytes packets errs drop …", received traffic first.
fn dropped_in(table: &str, name: &str) -> Option<u64> {
    let (_, counters) =
        table.lines().filter_map(|line| line.rsplit_once(':')).find(|(is, _)| is.trim() == name)?;
    counters.split_ascii_whitespace().nth(3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_for_a_missing_interface_lists_the_existing_ones() {
        let error = Interface::find("nosuch0").expect_err("it does not exist").0;
        assert!(error.starts_with("nosuch0: no such interface; available: "), "{error}");
        assert!(error.contains("lo"), "{error}");
        assert!(Interface::find("zero\0inside").is_err());
    }

    #[test]
    fn drops_are_read_from_the_right_line_and_column() {
        let table = "Inter-|   Receive  \n face |bytes    packets errs drop fifo\n    lo:     1 2 3 4 5\n\
                     eth0:1 2 3 77 5\n  eth0:1: 9 9 9 9 9\n";
        assert_eq!(dropped_in(table, "eth0"), Some(77));
        assert_eq!(dropped_in(table, "lo"), Some(4));
        assert_eq!(dropped_in(table, "eth0:1"), Some(9));
        assert_eq!(dropped_in(table, "eth"), None);
    }
}
