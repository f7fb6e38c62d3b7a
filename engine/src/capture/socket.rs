//! The Linux packet socket (packet(7)): all system calls of a ring except those for its memory.

use super::filter::Filter;
use super::interface::Interface;
use super::sieve::Sieve;
use std::ffi::{c_int, c_uint, c_void};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

/// A packet socket, closed when dropped.
#[derive(Debug)]
pub struct Socket(OwnedFd);

/// Values that the kernel may read and write as plain memory.
///
/// # Safety
///
/// Every bit pattern is a valid value of the type.
unsafe trait Plain: Copy + Default {}
// SAFETY: every bit pattern of an integer is valid.
unsafe impl Plain for c_int {}

/// `struct tpacket_stats_v3`, which the libc crate lacks.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct Statistics {
    pub packets: c_uint,
    pub dropped: c_uint,
    pub freezes: c_uint,
}
// SAFETY: integers only.
unsafe impl Plain for Statistics {}

impl Socket {
    /// Opens a socket, which receives nothing before it is bound.
    pub fn new() -> io::Result<Self> {
        // SAFETY: the call takes no pointers.
        let fd = unsafe { libc::socket(libc::AF_PACKET, libc::SOCK_RAW | libc::SOCK_CLOEXEC, 0) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: `fd` was just opened and has no other owner.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// The descriptor, for `mmap` and `poll`.
    pub fn fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }

    /// Requests a ring of blocks (TPACKET_V3) with `reserve` bytes of headroom before each packet.
    pub fn make_ring(&self, request: &libc::tpacket_req3, reserve: c_uint) -> io::Result<()> {
        let version = libc::tpacket_versions::TPACKET_V3 as c_int;
        self.set(libc::SOL_PACKET, libc::PACKET_VERSION, &version)?;
        self.set(libc::SOL_PACKET, libc::PACKET_RESERVE, &reserve)?;
        self.set(libc::SOL_PACKET, libc::PACKET_RX_RING, request)
    }

    /// Makes the kernel run `filter` on every packet from now on; it replaces an earlier filter.
    pub fn attach(&self, filter: &Filter) -> io::Result<()> {
        let instruction = |is: &super::filter::Instruction| libc::sock_filter {
            code: is.code,
            jt: is.jt,
            jf: is.jf,
            k: is.k,
        };
        let mut program: Vec<_> = filter.instructions().iter().map(instruction).collect();
        // The kernel copies the program during the call; a `Filter` has at most 4096 instructions.
        let program = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
        self.set(libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, &program)
    }

    /// Makes the kernel run the sieve on every packet from now on; it replaces an earlier filter.
    pub fn attach_sieve(&self, sieve: &Sieve) -> io::Result<()> {
        self.set(libc::SOL_SOCKET, libc::SO_ATTACH_BPF, &sieve.as_raw_fd())
    }

    /// Removes the filter.
    pub fn detach(&self) -> io::Result<()> {
        self.set(libc::SOL_SOCKET, libc::SO_DETACH_FILTER, &0)
    }

    /// Starts receiving all protocols on one interface.
    pub fn bind(&self, interface: &Interface) -> io::Result<()> {
        // SAFETY: `sockaddr_ll` consists of integers and arrays of integers, for which all-zero is valid.
        let mut address: libc::sockaddr_ll = unsafe { std::mem::zeroed() };
        address.sll_family = libc::AF_PACKET as u16;
        address.sll_protocol = (libc::ETH_P_ALL as u16).to_be();
        address.sll_ifindex = interface.index;
        let size = size_of_val(&address) as libc::socklen_t;
        // SAFETY: `address` outlives the call and is `size` bytes long.
        let result = unsafe { libc::bind(self.fd(), (&raw const address).cast(), size) };
        if result != 0 {
            return Err(io::Error::last_os_error());
        }
        // Binding to an interface that is down succeeds, but leaves a pending error.
        self.pending_error()
    }

    /// Puts the interface into promiscuous mode until the socket is closed.
    pub fn set_promiscuous(&self, interface: &Interface) -> io::Result<()> {
        let membership = libc::packet_mreq {
            mr_ifindex: interface.index,
            mr_type: libc::PACKET_MR_PROMISC as u16,
            mr_alen: 0,
            mr_address: [0; 8],
        };
        self.set(libc::SOL_PACKET, libc::PACKET_ADD_MEMBERSHIP, &membership)
    }

    /// Shares packets with the other sockets of `group` by flow, both directions on the same socket; 0: with a new
    /// group, to which the kernel gives a number that no other program uses. Returns the group. The kernel
    /// reassembles IPv4 fragments first, because only the first one has ports; they then count as one packet
    /// with one header.
    pub fn join_fanout(&self, group: u16) -> io::Result<u16> {
        let unique = if group == 0 { libc::PACKET_FANOUT_FLAG_UNIQUEID } else { 0 };
        let how = libc::PACKET_FANOUT_HASH | libc::PACKET_FANOUT_FLAG_DEFRAG | unique;
        let fanout: c_uint = u32::from(group) | how << 16;
        self.set(libc::SOL_PACKET, libc::PACKET_FANOUT, &fanout)?;
        let joined: c_int = self.get(libc::SOL_PACKET, libc::PACKET_FANOUT)?;
        Ok(joined as u16) // the lower half
    }

    /// Another descriptor of the same socket.
    pub fn duplicate(&self) -> io::Result<Self> {
        self.0.try_clone().map(Self)
    }

    /// True until the interface to which it is bound is removed, also while that is down.
    pub fn is_bound(&self) -> bool {
        // SAFETY: `sockaddr_ll` consists of integers and arrays of integers, for which all-zero is valid.
        let mut address: libc::sockaddr_ll = unsafe { std::mem::zeroed() };
        let mut size = size_of_val(&address) as libc::socklen_t;
        let to = (&raw mut address).cast();
        // SAFETY: the kernel writes at most `size` bytes to `address`, to which nothing else refers during the call.
        let result = unsafe { libc::getsockname(self.fd(), to, &raw mut size) };
        result == 0 && address.sll_ifindex > 0
    }

    /// The counters since the last call: the kernel resets them when they are read.
    pub fn take_statistics(&self) -> io::Result<Statistics> {
        self.get(libc::SOL_PACKET, libc::PACKET_STATISTICS)
    }

    /// Takes the pending error of the socket, after which it can be waited for again.
    pub fn pending_error(&self) -> io::Result<()> {
        match self.get(libc::SOL_SOCKET, libc::SO_ERROR)? {
            0 => Ok(()),
            code => Err(io::Error::from_raw_os_error(code)),
        }
    }

    fn set<T>(&self, level: c_int, name: c_int, value: &T) -> io::Result<()> {
        let size = size_of::<T>() as libc::socklen_t;
        // SAFETY: the kernel reads `size` bytes of `value`, which outlives the call, and writes none.
        let result = unsafe { libc::setsockopt(self.fd(), level, name, (&raw const *value).cast(), size) };
        if result == 0 {
            Ok(())
        } else {
            Err(io::Error::last_os_error())
        }
    }

    fn get<T: Plain>(&self, level: c_int, name: c_int) -> io::Result<T> {
        let mut value = T::default();
        let mut size = size_of::<T>() as libc::socklen_t;
        let to: *mut c_void = (&raw mut value).cast();
        // SAFETY: the kernel writes at most `size` bytes to `value`, to which nothing else refers during the
        // call and which, being `Plain`, is valid whatever is written.
        let result = unsafe { libc::getsockopt(self.fd(), level, name, to, &mut size) };
        if result == 0 {
            Ok(value)
        } else {
            Err(io::Error::last_os_error())
        }
    }
}

/// Waits up to `timeout` until one of the sockets has packets or an error; true for each that has an error.
pub fn poll(sockets: &mut dyn Iterator<Item = RawFd>, timeout: Duration) -> io::Result<Vec<bool>> {
    let entry = |fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
    let mut entries: Vec<_> = sockets.map(entry).collect();
    // Rounded up, so that a timeout below a millisecond does not become zero.
    let milliseconds = c_int::try_from(timeout.as_micros().div_ceil(1000)).unwrap_or(c_int::MAX);
    // SAFETY: `entries` is an array of the given number of `pollfd`, to which nothing else refers during the
    // call.
    let result = unsafe { libc::poll(entries.as_mut_ptr(), entries.len() as libc::nfds_t, milliseconds) };
    if result < 0 {
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    Ok(entries.iter().map(|entry| entry.revents & !libc::POLLIN != 0).collect())
}
