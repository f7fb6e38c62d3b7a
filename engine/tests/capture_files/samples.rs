//! Small files with every feature, and their contents.

use crate::craft::{pcap, Order, Pcapng};
use crate::seen::{seen, Seen};

pub const SECOND: u64 = 1_000_000_000;

/// Two packets, the second cut by the snap length.
pub fn simple_pcap(order: Order, magic: u32) -> Vec<u8> {
    pcap(order, magic, (2, 4), 1, &[(7, 5, b"first", 5), (8, 999_999, b"second", 1500)])
}

/// One section with three interfaces and every block type.
pub fn every_block(order: Order) -> Vec<u8> {
    Pcapng::new(order)
        .interface(1, 0, &[(2, b"eth0"), (9, &[9])])
        .interface(101, 4, &[(2, b"tun0\0")])
        .name_resolution()
        .enhanced(0, 3 * SECOND + 1, b"nano", 4)
        .block(10, b"\0\0\0\0secrets, never used.")
        .enhanced(1, 4_000_005, b"micro!", 90)
        .interface(113, 0, &[(9, &[0x8a]), (14, &order.u64(100))])
        .enhanced(2, (5 << 10) + 512, b"binary", 6)
        .old_packet(0, 6 * SECOND, b"obsolete", 8)
        .simple(b"without time", 1000)
        .block(0x4bad_cafe, b"a block type of a private vendor")
        .bytes()
}

pub fn every_packet() -> Vec<Seen> {
    vec![
        seen(3 * SECOND + 1, 1, "eth0", 4, b"nano"),
        seen(4 * SECOND + 5000, 101, "tun0", 90, b"micro!"),
        seen(105 * SECOND + SECOND / 2, 113, "interface 2", 6, b"binary"),
        seen(6 * SECOND, 1, "eth0", 8, b"obsolete"),
        seen(6 * SECOND, 1, "eth0", 1000, b"without time"),
    ]
}
