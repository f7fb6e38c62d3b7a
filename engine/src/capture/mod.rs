//! Sources of packets: capture files and AF_PACKET rings. Independent of protocols.

pub mod beginning;
mod byte_order;
mod capture_error;
mod capture_record;
mod decompress;
pub mod earliest;
pub mod file;
pub mod filter;
#[cfg(target_os = "linux")]
pub mod interface;
#[cfg(target_os = "linux")]
pub mod netlink;
mod packet;
mod pcap;
mod pcapng;
mod pcapng_interface;
mod pipe;
#[cfg(target_os = "linux")]
pub mod ring;
#[cfg(target_os = "linux")]
pub mod sieve;
pub mod sifting;
mod snoop;
#[cfg(target_os = "linux")]
mod socket;
mod steady_clock;
mod stream;
mod wakeup;
mod zstd;

pub use self::capture_error::CaptureError;
pub use self::capture_record::MAX_RECORD;
pub use self::packet::Packet;
pub use self::steady_clock::{SteadyClock, SteadyTime};
pub use self::wakeup::Wakeup;
