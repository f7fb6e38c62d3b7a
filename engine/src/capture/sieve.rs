//! The kernel sieve (`engine/bpf/sieve.c`): a socket filter that drops the plain data packets of the directions in its map.
//!
//! The program and its map are created once, before the sensor gives up its privileges. Afterwards sockets and map are
//! only reached through the two descriptors, for which Linux 5.19 and later need no capability.

use super::capture_error::CaptureError;
use super::sifting::{Direction, Dropped, Sift};
use crate::address::Address;
use aya::maps::Map;
use aya::programs::{Program, SocketFilter};
use aya::EbpfLoader;
use std::ffi::{c_int, c_long};
use std::fmt::Display;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};

/// The compiled program. `u64` aligns it, as the reader of ELF files expects.
#[repr(C)]
struct Aligned<T: ?Sized>([u64; 0], T);
static OBJECT: &Aligned<[u8]> = &Aligned([], *include_bytes!("../../bpf/sieve.o"));

/// Size in bytes of `struct direction`.
const KEY: usize = 40;
/// `vlan` of a direction without a tag.
const UNTAGGED: u16 = 0xffff;

// Commands of bpf(2). The filter of system calls allows these alone.
const UPDATE: c_int = 2;
const LOOKUP_AND_DELETE: c_int = 21;
/// The commands that a running sieve needs: they create nothing.
pub const COMMANDS: [c_int; 2] = [UPDATE, LOOKUP_AND_DELETE];

/// `struct dropped` of the program.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Value {
    packets: u64,
    bytes: u64,
    last_ns: u64,
    next: u32,
    passes: u32,
}

/// The part of `union bpf_attr` for one element of a map.
#[repr(C)]
struct Element {
    map: u32,
    unused: u32,
    key: u64,
    value: u64,
    flags: u64,
}

/// A loaded sieve. It drops nothing before a socket has it.
#[derive(Debug)]
pub struct Sieve {
    program: OwnedFd,
    map: OwnedFd,
}

impl Sieve {
    /// Loads the program, with room for so many directions.
    ///
    /// # Errors
    ///
    /// The process may not, or the kernel cannot.
    pub fn load(max_directions: u32) -> Result<Self, CaptureError> {
        let fails = |what: &str, why: &dyn Display| CaptureError(format!("{what}: {why}"));
        let mut object = EbpfLoader::new()
            .btf(None)
            .set_max_entries("unwatched", max_directions)
            .load(&OBJECT.1)
            .map_err(|error| fails("the kernel creates no map (CAP_BPF is missing?)", &error))?;
        let map = match object.map("unwatched") {
            Some(Map::HashMap(map)) => map.fd().as_fd().try_clone_to_owned(),
            _ => Err(io::ErrorKind::NotFound.into()),
        };
        let program: &mut SocketFilter = match object.program_mut("sieve") {
            Some(Program::SocketFilter(program)) => program,
            _ => return Err(CaptureError("the object has no socket filter".into())),
        };
        program.load().map_err(|error| fails("the kernel loads no program", &error))?;
        let program = program.fd().map_err(|error| fails("the program is not loaded", &error))?;
        let program = program.as_fd().try_clone_to_owned();
        match (program, map) {
            (Ok(program), Ok(map)) => Ok(Self { program, map }),
            (Err(error), _) | (_, Err(error)) => Err(fails("too many open files", &error)),
        }
    }

    /// Tries what the sieve does later, with the privileges that the process has now.
    ///
    /// # Errors
    ///
    /// The kernel refuses it.
    pub fn probe(&self) -> Result<(), CaptureError> {
        // No packet has this protocol number.
        let (addresses, ports) = ([Address::default(); 2], [0; 2]);
        let none = Direction { addresses, ports, protocol: u8::MAX, vlan: None };
        let result = self.update(&none, 1).and_then(|()| self.look_up_and_delete(&none));
        result
            .map(drop)
            .map_err(|error| CaptureError(format!("the kernel refuses changes of the map: {error}")))
    }

    fn update(&self, direction: &Direction, next: u32) -> io::Result<()> {
        let mut value = Value { next, ..Value::default() };
        self.call(UPDATE, direction, &mut value)
    }

    fn look_up_and_delete(&self, direction: &Direction) -> io::Result<Value> {
        let mut value = Value::default();
        self.call(LOOKUP_AND_DELETE, direction, &mut value).map(|()| value)
    }

    fn call(&self, command: c_int, direction: &Direction, value: &mut Value) -> io::Result<()> {
        let key = key_of(direction);
        let element = Element {
            map: self.map.as_raw_fd() as u32,
            unused: 0,
            key: key.as_ptr() as u64,
            value: (&raw mut *value) as u64,
            flags: 0,
        };
        let size = size_of::<Element>() as c_long;
        // SAFETY: the kernel reads `size` bytes of `element`; for both commands it reads KEY bytes of `key`, and reads or
        // writes the bytes of one `Value`, as the map was created with these sizes (`struct direction`, `struct dropped`).
        // All three outlive the call, and nothing else refers to `value` during it. A `Value` consists of integers, so it
        // is valid whatever is written.
        let result = unsafe { libc::syscall(libc::SYS_bpf, c_long::from(command), &raw const element, size) };
        if result == 0 {
            Ok(())
        } else {
            Err(io::Error::last_os_error())
        }
    }
}

/// The descriptor of the program, for a socket.
impl AsRawFd for Sieve {
    fn as_raw_fd(&self) -> RawFd {
        self.program.as_raw_fd()
    }
}

impl Sift for Sieve {
    fn add(&self, direction: &Direction, next: u32) -> bool {
        self.update(direction, next).is_ok()
    }

    fn take(&self, direction: &Direction) -> Option<Dropped> {
        let Value { packets, bytes, last_ns, next, .. } = self.look_up_and_delete(direction).ok()?;
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        let now_ns = now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64;
        Some(Dropped { packets, bytes, silence_ns: now_ns.saturating_sub(last_ns), next })
    }
}

/// `struct direction` of the program.
fn key_of(direction: &Direction) -> [u8; KEY] {
    let mut key = [0; KEY];
    let [source, destination] = direction.addresses.map(|address| address.0.to_be_bytes());
    let [source_port, destination_port] = direction.ports.map(u16::to_be_bytes);
    let vlan = direction.vlan.unwrap_or(UNTAGGED).to_ne_bytes();
    let parts = [&source[..], &destination, &source_port, &destination_port, &vlan, &[direction.protocol]];
    for (to, from) in key.iter_mut().zip(parts.into_iter().flatten()) {
        *to = *from;
    }
    key
}
