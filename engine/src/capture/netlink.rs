//! The kernel's list of network interfaces, and a notice when it changes (rtnetlink(7)). It needs no privileges.

use std::ffi::c_int;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::time::Duration;

/// What the kernel puts into one datagram of a list at most (`NLMSG_GOODSIZE` of Linux is smaller).
const DATAGRAM: usize = 64 << 10;
/// A list is requested this often if interfaces come and go while it is read.
const ATTEMPTS: usize = 10;
/// Size of a message's header (`struct nlmsghdr`), and of the one for interfaces (`struct ifinfomsg`).
const HEADER: usize = size_of::<libc::nlmsghdr>();
const LINK_HEADER: usize = size_of::<libc::ifinfomsg>();
/// `NLM_F_DUMP_INTR`: the list changed while it was read.
const INTERRUPTED: u16 = 0x10;

/// A netlink socket, closed when dropped.
#[derive(Debug)]
pub struct Netlink(OwnedFd);

impl Netlink {
    /// A socket that is told of every change of an interface.
    ///
    /// # Errors
    ///
    /// Those of the kernel.
    pub fn subscribe() -> io::Result<Self> {
        Self::open(libc::RTMGRP_LINK as u32)
    }

    fn open(groups: u32) -> io::Result<Self> {
        let kind = libc::SOCK_RAW | libc::SOCK_CLOEXEC;
        // SAFETY: the call takes no pointers.
        let fd = unsafe { libc::socket(libc::AF_NETLINK, kind, libc::NETLINK_ROUTE) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: `fd` was just opened and has no other owner.
        let socket = Self(unsafe { OwnedFd::from_raw_fd(fd) });
        // SAFETY: `sockaddr_nl` consists of integers, for which all-zero is valid.
        let mut address: libc::sockaddr_nl = unsafe { std::mem::zeroed() };
        address.nl_family = libc::AF_NETLINK as u16;
        address.nl_groups = groups;
        let size = size_of_val(&address) as libc::socklen_t;
        // SAFETY: `address` outlives the call and is `size` bytes long.
        let result = unsafe { libc::bind(socket.0.as_raw_fd(), (&raw const address).cast(), size) };
        if result != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(socket)
    }

    /// Waits up to `timeout`; true if an interface changed since the last call. What changed is not told: an
    /// overflow of the socket loses messages, so that only the list itself can be relied upon.
    ///
    /// # Errors
    ///
    /// Those of the kernel.
    pub fn wait(&self, timeout: Duration) -> io::Result<bool> {
        let mut entry = libc::pollfd { fd: self.0.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        let milliseconds = c_int::try_from(timeout.as_millis()).unwrap_or(c_int::MAX);
        // SAFETY: `entry` is one `pollfd`, to which nothing else refers during the call.
        if unsafe { libc::poll(&raw mut entry, 1, milliseconds) } <= 0 {
            return Ok(false);
        }
        let mut buffer = [0; 4096];
        loop {
            match self.receive(&mut buffer, libc::MSG_DONTWAIT | libc::MSG_TRUNC) {
                Ok(_) => {}
                Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
                Err(error) => return Err(error),
            }
        }
    }

    /// Calls `each` with the message about every interface (`struct ifinfomsg` and attributes).
    ///
    /// # Errors
    ///
    /// Those of the kernel; `Interrupted` if the list kept changing.
    pub fn list<T>(each: impl Fn(&[u8]) -> Option<T>) -> io::Result<Vec<T>> {
        let socket = Self::open(0)?;
        for attempt in 1..=ATTEMPTS {
            socket.request(attempt as u32)?;
            if let Some(found) = socket.read_list(attempt as u32, &each)? {
                return Ok(found);
            }
        }
        Err(io::Error::new(io::ErrorKind::Interrupted, "the list of interfaces keeps changing"))
    }

    fn request(&self, sequence: u32) -> io::Result<()> {
        let flags = (libc::NLM_F_REQUEST | libc::NLM_F_DUMP) as u16;
        let mut message = Vec::with_capacity(HEADER + LINK_HEADER);
        message.extend(((HEADER + LINK_HEADER) as u32).to_ne_bytes());
        message.extend(libc::RTM_GETLINK.to_ne_bytes());
        message.extend(flags.to_ne_bytes());
        message.extend(sequence.to_ne_bytes());
        message.resize(HEADER + LINK_HEADER, 0); // every interface, of every family
                                                 // SAFETY: the message outlives the call.
        let sent = unsafe { libc::send(self.0.as_raw_fd(), message.as_ptr().cast(), message.len(), 0) };
        if sent < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(())
    }

    /// The answer to request `sequence`; None if the list changed while it was read.
    fn read_list<T>(&self, sequence: u32, each: impl Fn(&[u8]) -> Option<T>) -> io::Result<Option<Vec<T>>> {
        let mut found = Vec::new();
        let mut is_whole = true;
        let mut buffer = vec![0; DATAGRAM];
        loop {
            let length = self.receive(&mut buffer, 0)?;
            let mut rest = &buffer[..length];
            while let Some(message) = Message::read(rest) {
                rest = rest.get(message.length.next_multiple_of(4)..).unwrap_or_default();
                if message.sequence != sequence {
                    continue;
                }
                is_whole &= message.flags & INTERRUPTED == 0;
                match message.kind {
                    libc::RTM_NEWLINK => found.extend(each(message.payload)),
                    kind if kind == libc::NLMSG_DONE as u16 => return Ok(is_whole.then_some(found)),
                    kind if kind == libc::NLMSG_ERROR as u16 => return Err(message.error()),
                    _ => {}
                }
            }
        }
    }

    fn receive(&self, buffer: &mut [u8], flags: c_int) -> io::Result<usize> {
        loop {
            let to = buffer.as_mut_ptr().cast();
            // SAFETY: the kernel writes at most the given length to `buffer`, to which nothing else refers during
            // the call.
            let length = unsafe { libc::recv(self.0.as_raw_fd(), to, buffer.len(), flags) };
            match usize::try_from(length) {
                Ok(length) => return Ok(length.min(buffer.len())),
                Err(_) => match io::Error::last_os_error() {
                    error if error.kind() == io::ErrorKind::Interrupted => {} // by a signal
                    error => return Err(error),
                },
            }
        }
    }
}

/// A netlink message.
struct Message<'a> {
    length: usize,
    kind: u16,
    flags: u16,
    sequence: u32,
    payload: &'a [u8],
}

impl<'a> Message<'a> {
    /// The message at the beginning of `bytes`, if it is complete.
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let length = u32::from_ne_bytes(*bytes.first_chunk()?) as usize;
        let rest = bytes.get(4..HEADER)?;
        Some(Self {
            length,
            kind: u16::from_ne_bytes(*rest.first_chunk()?),
            flags: u16::from_ne_bytes(*rest[2..].first_chunk()?),
            sequence: u32::from_ne_bytes(*rest[4..].first_chunk()?),
            payload: bytes.get(HEADER..length)?,
        })
    }

    fn error(&self) -> io::Error {
        let code = self.payload.first_chunk().map_or(0, |code| i32::from_ne_bytes(*code));
        io::Error::from_raw_os_error(code.wrapping_neg())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_is_cut_is_no_message() {
        let mut bytes = vec![20, 0, 0, 0, 16, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4];
        let message = Message::read(&bytes).expect("it is complete");
        assert_eq!((message.kind, message.sequence, message.payload), (16, 7, &[1, 2, 3, 4][..]));
        bytes.pop();
        for length in 0..bytes.len() {
            assert!(Message::read(&bytes[..length]).is_none());
        }
        assert!(Message::read(&[0; HEADER]).is_none(), "a length of zero would be read for ever");
    }

    #[test]
    fn the_list_has_the_loopback_interface() {
        let indexes = Netlink::list(|message| message.get(4..8)?.first_chunk().copied()).expect("a list");
        assert!(indexes.contains(&1i32.to_ne_bytes()));
    }
}
