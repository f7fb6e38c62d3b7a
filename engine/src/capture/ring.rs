//! AF_PACKET with a TPACKET_V3 ring (Documentation/networking/packet_mmap.rst of Linux).
//!
//! The ring is memory shared with the kernel, divided into blocks. A block belongs to the kernel until it
//! sets the block's status to `TP_STATUS_USER`, then to this process until it sets the status to
//! `TP_STATUS_KERNEL`. Only this protocol is relied upon; offsets written by the kernel are checked like
//! those of any packet.

use super::capture_error::CaptureError;
use super::filter::Filter;
use super::interface::{Interface, ETHERNET};
use super::packet::Packet;
use super::sieve::Sieve;
use super::socket::{self, Socket};
use libc::{sockaddr_ll, tpacket3_hdr, tpacket_block_desc, tpacket_hdr_v1};
use std::ffi::c_uint;
use std::io;
use std::mem::offset_of;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::Arc;
use std::time::Duration;

/// Size of a block in bytes.
const BLOCK: usize = 1 << 20;
/// The kernel releases a block after this time even if it is not full.
const RETIRE_MS: c_uint = 20;
/// Size of a VLAN tag in bytes, and the headroom reserved for restoring one.
const TAG: usize = 4;
/// Size in bytes of the two MAC addresses, after which the tag belongs.
const ADDRESSES: usize = 12;
/// EtherType of a tag for which the kernel reports none (IEEE 802.1Q).
const VLAN: u16 = 0x8100;
/// A snap length that cuts nothing: no frame on the wire is longer.
const UNLIMITED_SNAPLEN: u32 = 65_535;

// Offsets of the fields in a block header.
const HEADER: usize = offset_of!(tpacket_block_desc, hdr);
const STATUS: usize = HEADER + offset_of!(tpacket_hdr_v1, block_status);
const PACKETS: usize = HEADER + offset_of!(tpacket_hdr_v1, num_pkts);
const FIRST: usize = HEADER + offset_of!(tpacket_hdr_v1, offset_to_first_pkt);
/// Offset of the link-layer address after a packet's header (`TPACKET_ALIGN`).
const SENDER: usize = size_of::<tpacket3_hdr>().next_multiple_of(libc::TPACKET_ALIGNMENT);

/// How to open a ring.
#[derive(Clone, Debug)]
pub struct RingOptions {
    /// What to capture on.
    pub interface: Interface,
    /// Its number in the sensor's list, recorded in every packet.
    pub number: u16,
    /// Size of the ring in bytes.
    pub ring_bytes: usize,
    /// Maximum number of bytes kept of each packet.
    pub snaplen: u32,
    /// Put the interface into promiscuous mode.
    pub promiscuous: bool,
    /// Run by the kernel on every packet, after it has stripped the outer VLAN tag.
    pub filter: Option<Filter>,
    /// Share the interface's packets by flow with other rings.
    pub fanout: Fanout,
    /// Drops data before it reaches the ring, if there is neither a filter nor a snap length.
    pub sieve: Option<Arc<Sieve>>,
}

/// With which rings of an interface a ring shares its packets.
#[derive(Clone, Copy, Debug)]
pub enum Fanout {
    /// With none.
    Off,
    /// With those that join the group of this one.
    Lead,
    /// With those of a group.
    Join(u16),
}

/// The kernel's counters since the ring was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RingStatistics {
    /// Packets that reached the socket, including dropped ones.
    pub packets: u64,
    /// Packets dropped because the ring was full.
    pub dropped: u64,
    /// Times the ring was full.
    pub freezes: u64,
}

impl RingStatistics {
    /// Adds those of another ring.
    pub fn add_ring(&mut self, other: Self) {
        self.packets += other.packets;
        self.dropped += other.dropped;
        self.freezes += other.freezes;
    }
}

/// A hold on a ring, wherever that is: tells whether its interface still exists, and ends its capture.
pub struct Attachment(Socket);

impl Attachment {
    /// True until the interface is removed, also while it is down: its packets arrive again once it is up.
    pub fn holds(&self) -> bool {
        self.0.is_bound()
    }

    /// Ends the capture: what has arrived can still be read.
    ///
    /// # Errors
    ///
    /// The kernel is out of memory.
    pub fn end(&self) -> io::Result<()> {
        self.0.attach(&Filter::keep(0))
    }
}

/// A live capture on one interface. While the interface is down, no packets arrive; once it is removed, none ever
/// will.
pub struct Ring {
    // These fields are dropped after `drop` has unmapped the memory.
    socket: Socket,
    number: u16,
    group: Option<u16>,
    link: u16,
    skip_sent: bool,
    memory: NonNull<u8>,
    blocks: usize,
    /// The block that the kernel fills next or has filled.
    current: usize,
    statistics: RingStatistics,
}

// SAFETY: `memory` is a mapping owned by this ring alone and usable from any thread of the process; every
// access to its packets takes `&mut self`. All other fields are `Send`.
unsafe impl Send for Ring {}

impl Ring {
    /// Opens the ring.
    ///
    /// # Errors
    ///
    /// The interface is down or gone, the process lacks privileges, or the kernel rejects the filter.
    pub fn open(options: &RingOptions) -> Result<Self, CaptureError> {
        let interface = &options.interface;
        let fails =
            |what: &str, error: io::Error| CaptureError(format!("{}: {what}: {error}", interface.name));
        let socket = Socket::new().map_err(|error| match error.raw_os_error() {
            Some(libc::EPERM | libc::EACCES) => CaptureError(format!(
                "{}: no permission to capture, which requires CAP_NET_RAW: run as root (sudo with the full path of \
                 netmon), or with AmbientCapabilities=CAP_NET_RAW under systemd",
                interface.name
            )),
            _ => fails("cannot open a packet socket", error),
        })?;
        let link = interface.link()?;
        let skip_sent = interface.is_loopback();
        let blocks = (options.ring_bytes / BLOCK).clamp(2, c_uint::MAX as usize / BLOCK);
        let request = libc::tpacket_req3 {
            tp_block_size: BLOCK as c_uint,
            tp_block_nr: blocks as c_uint,
            tp_frame_size: BLOCK as c_uint, // unused in this version, but checked
            tp_frame_nr: blocks as c_uint,
            tp_retire_blk_tov: RETIRE_MS,
            tp_sizeof_priv: 0,
            tp_feature_req_word: 0,
        };
        socket.make_ring(&request, TAG as c_uint).map_err(|error| {
            fails(&format!("cannot get a ring of {} MiB (a smaller ring_bytes may help)", blocks), error)
        })?;
        let memory = map(&socket, blocks * BLOCK).map_err(|error| fails("cannot map the ring", error))?;
        let (number, group) = (options.number, None);
        let statistics = RingStatistics::default();
        let mut ring =
            Self { socket, number, group, link, skip_sent, memory, blocks, current: 0, statistics };
        ring.begin(options)?;
        Ok(ring)
    }

    /// Starts the capture, after filter and fanout are in place.
    fn begin(&mut self, options: &RingOptions) -> Result<(), CaptureError> {
        let (socket, interface) = (&self.socket, &options.interface);
        let fails = |what, error| CaptureError(format!("{}: {what}: {error}", interface.name));
        let rejected = |error| fails("the kernel rejects the filter", error);
        // No packet is accepted before the ring has joined its group: a packet must not be in two rings.
        socket.attach(&Filter::keep(0)).map_err(rejected)?;
        socket.bind(interface).map_err(|error| match error.raw_os_error() {
            Some(libc::ENETDOWN) => {
                CaptureError(format!("{}: {}", interface.name, interface.advice_if_down()))
            }
            Some(libc::ENODEV) => CaptureError(format!("{}: no such interface any more", interface.name)),
            _ => fails("cannot capture", error),
        })?;
        if options.promiscuous {
            socket
                .set_promiscuous(interface)
                .map_err(|error| fails("cannot enable promiscuous mode", error))?;
        }
        let group = match options.fanout {
            Fanout::Off => None,
            Fanout::Lead => Some(0),
            Fanout::Join(group) => Some(group),
        };
        self.group = group
            .map(|group| socket.join_fanout(group))
            .transpose()
            .map_err(|error| fails("cannot share packets between workers", error))?;
        match &options.filter {
            Some(filter) => socket.attach(&filter.clone().cut_at(options.snaplen)).map_err(rejected),
            None if options.snaplen < UNLIMITED_SNAPLEN => {
                socket.attach(&Filter::keep(options.snaplen)).map_err(rejected)
            }
            None => match options.sieve.as_ref().filter(|_| interface.sieve_obstacle().is_none()) {
                Some(sieve) => {
                    socket.attach_sieve(sieve).map_err(|error| fails("cannot attach the sieve", error))
                }
                None => socket.detach().map_err(rejected),
            },
        }
    }

    /// The number of its interface in the sensor's list.
    pub fn number(&self) -> u16 {
        self.number
    }

    /// How the next ring of the interface joins the group of this one.
    pub fn fanout(&self) -> Fanout {
        self.group.map_or(Fanout::Off, Fanout::Join)
    }

    /// Tells whether the interface still exists, wherever the ring is.
    ///
    /// # Errors
    ///
    /// The process has too many open files.
    pub fn attachment(&self) -> io::Result<Attachment> {
        self.socket.duplicate().map(Attachment)
    }

    /// Calls `each` with each packet of the next block, if there is one; returns their number. A VLAN tag
    /// stripped by the kernel is restored.
    pub fn read_block(&mut self, each: impl FnMut(Packet<'_>)) -> usize {
        if !self.is_ready() {
            return 0;
        }
        // A panic in `each` keeps the block, so its packets are delivered again rather than lost.
        let delivered = self.walk(each);
        self.status().store(libc::TP_STATUS_KERNEL, Ordering::Release);
        self.current = (self.current + 1) % self.blocks;
        delivered
    }

    /// The kernel's counters since the ring was opened.
    pub fn statistics(&mut self) -> RingStatistics {
        // The call fails only for an invalid descriptor, and this one is open.
        if let Ok(new) = self.socket.take_statistics() {
            self.statistics.packets += u64::from(new.packets);
            self.statistics.dropped += u64::from(new.dropped);
            self.statistics.freezes += u64::from(new.freezes);
        }
        self.statistics
    }

    /// Waits up to `timeout` until one of the rings has packets, or its interface goes down.
    ///
    /// # Errors
    ///
    /// Those of the kernel.
    pub fn wait(rings: &[Self], timeout: Duration) -> Result<(), CaptureError> {
        let mut sockets = rings.iter().map(|ring| ring.socket.fd());
        let failed = socket::poll(&mut sockets, timeout)
            .map_err(|error| CaptureError(format!("cannot wait for packets: {error}")))?;
        for (ring, _) in rings.iter().zip(failed).filter(|(_, failed)| *failed) {
            // A packet socket has one error, ENETDOWN. Nothing is to be done: its interface comes back, or the
            // attachment is lost. Until the error is taken, it would end every wait.
            let _ = ring.socket.pending_error();
        }
        Ok(())
    }

    fn is_ready(&self) -> bool {
        self.status().load(Ordering::Acquire) & libc::TP_STATUS_USER != 0
    }

    /// The status of the current block: whether it belongs to the kernel or to this process.
    fn status(&self) -> &AtomicU32 {
        // SAFETY: `current` < `blocks`, so block and status lie inside the mapping, which lives as long as
        // `self`. The mapping begins on a page and both offsets are multiples of four, so the word is
        // aligned. The kernel and this process access this word only atomically, and `walk` excludes it from
        // its slice.
        unsafe { AtomicU32::from_ptr(self.memory.as_ptr().add(self.current * BLOCK + STATUS).cast()) }
    }

    /// Calls `each` with the packets of the current block, which belongs to this process; returns their
    /// number.
    fn walk(&mut self, mut each: impl FnMut(Packet<'_>)) -> usize {
        let begin = self.current * BLOCK + PACKETS;
        // SAFETY: the bytes lie inside the mapping, since `current` < `blocks`. The kernel does not access
        // them while the block's status is TP_STATUS_USER, which `is_ready` has read with Acquire and which
        // only `read_block` changes, after the end of this slice's lifetime. `&mut self` excludes other
        // accesses by this process. The status word itself lies before the slice.
        let block =
            unsafe { std::slice::from_raw_parts_mut(self.memory.as_ptr().add(begin), BLOCK - PACKETS) };
        let packets = u32_at(block, 0).unwrap_or(0);
        let mut at = u32_at(block, FIRST - PACKETS).unwrap_or(0) as usize;
        let mut delivered = 0;
        for _ in 0..packets {
            // Offsets count from the beginning of the block.
            let Some(frame) = at.checked_sub(PACKETS).and_then(|at| block.get_mut(at..)) else { break };
            let Some(next) = u32_at(frame, offset_of!(tpacket3_hdr, tp_next_offset)) else { break };
            if let Some(packet) = self.packet(frame) {
                each(packet);
                delivered += 1;
            }
            if next == 0 {
                break; // the last one
            }
            at += next as usize;
        }
        delivered
    }

    /// The packet in `frame`, after its header; None if it is to be ignored.
    #[inline]
    fn packet<'a>(&self, frame: &'a mut [u8]) -> Option<Packet<'a>> {
        if self.skip_sent
            && *frame.get(SENDER + offset_of!(sockaddr_ll, sll_pkttype))? == libc::PACKET_OUTGOING
        {
            return None; // it will appear again as received
        }
        let seconds = u32_at(frame, offset_of!(tpacket3_hdr, tp_sec))?;
        let nanoseconds = u32_at(frame, offset_of!(tpacket3_hdr, tp_nsec))?;
        let length = u32_at(frame, offset_of!(tpacket3_hdr, tp_snaplen))? as usize;
        let mut wire_len = u32_at(frame, offset_of!(tpacket3_hdr, tp_len))?;
        let status = u32_at(frame, offset_of!(tpacket3_hdr, tp_status))?;
        let mut from = usize::from(u16_at(frame, offset_of!(tpacket3_hdr, tp_mac))?);
        let to = from.checked_add(length).filter(|&to| to <= frame.len())?;
        if status & libc::TP_STATUS_VLAN_VALID != 0 && self.link == ETHERNET && length >= ADDRESSES {
            let kind = match status & libc::TP_STATUS_VLAN_TPID_VALID {
                0 => VLAN,
                _ => u16_at(frame, offset_of!(tpacket3_hdr, hv1.tp_vlan_tpid))?,
            };
            let tag = u32_at(frame, offset_of!(tpacket3_hdr, hv1.tp_vlan_tci))? as u16;
            from = from.checked_sub(TAG).filter(|&from| from >= SENDER + size_of::<sockaddr_ll>())?;
            frame.copy_within(from + TAG..from + TAG + ADDRESSES, from);
            let place = &mut frame[from + ADDRESSES..from + ADDRESSES + TAG];
            place[..2].copy_from_slice(&kind.to_be_bytes());
            place[2..].copy_from_slice(&tag.to_be_bytes());
            wire_len = wire_len.saturating_add(TAG as u32);
        }
        Some(Packet {
            number: 0,
            time_ns: u64::from(seconds) * 1_000_000_000 + u64::from(nanoseconds),
            link: self.link,
            interface: self.number,
            wire_len,
            bytes: &frame[from..to],
        })
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        // SAFETY: `memory` was returned by `map` for this length and is unmapped only here; every slice of it
        // borrowed from `self`, so none is left.
        unsafe { libc::munmap(self.memory.as_ptr().cast(), self.blocks * BLOCK) };
    }
}

/// Maps the `length` bytes of the socket's ring.
fn map(socket: &Socket, length: usize) -> io::Result<NonNull<u8>> {
    let access = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: without a requested address, the call does not replace memory in use.
    let memory =
        unsafe { libc::mmap(std::ptr::null_mut(), length, access, libc::MAP_SHARED, socket.fd(), 0) };
    if memory == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    NonNull::new(memory.cast()).ok_or_else(|| io::Error::other("mapped to address 0"))
}

#[inline]
fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().copied().map(u32::from_ne_bytes)
}

#[inline]
fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().copied().map(u16::from_ne_bytes)
}
