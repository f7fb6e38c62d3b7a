//! Fragments of a few IP packets in any order, overlapping or not: memory is bounded, and every fragment is
//! accounted for.
//!
//! Input: for each fragment its packet, a byte for whether more follow, its offset in units of eight bytes,
//! its length, and its bytes.
#![no_main]

use _engine::address::realm::Realm;
use _engine::address::Address;
use _engine::counters::tally::Tally;
use _engine::reassembly::fragments::Fragments;
use _engine::wire::fragment::{Fragment, PacketId};
use _engine::wire::TunnelPorts;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let ports = TunnelPorts::new(&[4789], &[6081], &[7932]);
    let (mut fragments, mut tally) = (Fragments::new(4, 512), Tally::default());
    let (mut rest, mut fed, mut over) = (input, 0, 0);
    let mut count = |fragments: &mut Fragments| {
        while let Some(done) = fragments.next_done() {
            over += u64::from(done.ip_packets);
            if let Some(packet) = done.packet {
                assert!(packet.bytes.len() <= packet.len as usize);
                assert!(!done.is_complete || packet.bytes.len() == packet.len as usize);
                let _ = packet.decode(&ports);
            }
        }
    };
    while let Some(([number, more, place, length], behind)) = rest.split_first_chunk::<4>() {
        let (bytes, next) = behind.split_at(behind.len().min(usize::from(*length)));
        rest = next;
        if bytes.is_empty() {
            continue;
        }
        let version = (number & 1 == 0).then_some(17);
        let number = u32::from(number % 8);
        let packet =
            PacketId { src: Address(1), dst: Address(2), number, protocol: version, realm: Realm::NONE };
        let len = bytes.len() as u32;
        let (offset, more) = (u32::from(*place) * 8, more & 1 == 1);
        let fragment =
            Fragment { packet, offset, more, next: 17, bytes, len, ip_bytes: len + 20, realm: Realm::NONE };
        fragments.add(&fragment, u64::from(*place) << 32, 0, &mut tally);
        fed += 1;
        assert!(fragments.len() <= 4 && fragments.bytes() <= 512);
        count(&mut fragments);
    }
    fragments.finish(&mut tally);
    count(&mut fragments);
    let duplicates = tally.problems.get(&("fragments", "duplicate")).copied().unwrap_or_default();
    assert_eq!(fed, over + duplicates);
    assert_eq!((fragments.len(), fragments.bytes()), (0, 0));
});
