//! The ring on a real kernel: each test has its own network namespace with a veth pair.
//!
//! The tests need root and iproute2, so they are ignored unless they are asked for: `cargo test --test ring -- --ignored`.
#![cfg(target_os = "linux")]

mod namespace;

use _engine::capture::filter::{Filter, Instruction};
use _engine::capture::interface::Interface;
use _engine::capture::netlink::Netlink;
use _engine::capture::ring::{Fanout, Ring, RingOptions, RingStatistics};
use namespace::{bring_up_far, ip, Wire};
use std::time::{Duration, Instant};

/// No test waits longer than this for expected packets.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// Frames sent before a test waits until they have arrived: the kernel's queue between the two ends is limited
/// (net.core.netdev_max_backlog).
const BURST: usize = 200;

fn options(interface: &str) -> RingOptions {
    RingOptions {
        interface: Interface::find(interface).expect("the interface exists"),
        number: 3,
        ring_bytes: 4 << 20,
        snaplen: 65_535,
        promiscuous: true,
        filter: None,
        fanout: Fanout::Off,
        sieve: None,
    }
}

/// A frame with an experimental EtherType (IEEE 802), identified by `number`.
fn frame(number: u32, length: usize) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xb5];
    frame.extend(number.to_be_bytes());
    frame.extend((frame.len()..length).map(|at| (at as u32 ^ number) as u8));
    frame
}

fn tagged(tags: &[[u8; 4]], frame: &[u8]) -> Vec<u8> {
    [&frame[..12], &tags.concat(), &frame[12..]].concat()
}

/// Reads until `count` packets have arrived or the time is up: (bytes, wire length).
fn receive(ring: &mut Ring, count: usize) -> Vec<(Vec<u8>, u32)> {
    let mut packets = Vec::new();
    let end = Instant::now() + TIME_LIMIT;
    while packets.len() < count && Instant::now() < end {
        let each = |packet: _engine::capture::Packet<'_>| {
            assert_eq!((packet.link, packet.interface), (1, 3));
            assert!(packet.time_ns > 1_600_000_000_000_000_000, "a time of this century");
            packets.push((packet.bytes.to_vec(), packet.wire_len));
        };
        Ring::wait(std::slice::from_ref(ring), Duration::from_millis(100)).expect("it can be waited for");
        ring.read_block(each);
    }
    packets
}

/// The statistics of each ring, once the kernel has delivered `count` packets to them, which it does after the
/// sender's call has returned.
fn statistics<const N: usize>(rings: &mut [Ring; N], count: u64) -> [RingStatistics; N] {
    let end = Instant::now() + TIME_LIMIT;
    loop {
        let statistics = rings.each_mut().map(|ring| ring.statistics());
        if statistics.iter().map(|ring| ring.packets).sum::<u64>() >= count || Instant::now() > end {
            return statistics;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn instruction(code: u16, jt: u8, jf: u8, k: u32) -> Instruction {
    Instruction { code, jt, jf, k }
}

#[test]
#[ignore = "needs root"]
fn every_byte_of_every_frame_arrives_in_order() {
    let wire = Wire::new();
    let mut ring = Ring::open(&options("far")).expect("the interface exists");
    let frames: Vec<_> = (0..3000).map(|n| frame(n, 60 + n as usize % 1455)).collect();
    let mut packets = Vec::new();
    for some in frames.chunks(BURST) {
        some.iter().for_each(|frame| wire.send(frame));
        packets.extend(receive(&mut ring, some.len())); // more in total than the ring holds
    }
    assert_eq!(packets.len(), frames.len());
    for ((bytes, wire_len), frame) in packets.iter().zip(&frames) {
        assert_eq!((bytes, *wire_len as usize), (frame, frame.len()));
    }
    let statistics = ring.statistics();
    assert_eq!((statistics.packets, statistics.dropped), (3000, 0));
    assert_eq!(ring.statistics().packets, 3000, "reading the counters does not reset them");
}

#[test]
#[ignore = "needs root"]
fn vlan_tags_are_restored() {
    let wire = Wire::new();
    let mut ring = Ring::open(&options("far")).expect("the interface exists");
    let plain = frame(1, 100);
    let frames = [
        tagged(&[[0x81, 0, 0xa0, 7]], &plain), // 802.1Q, with a priority
        tagged(&[[0x81, 0, 0, 0]], &plain),    // VLAN 0 is a tag as well
        tagged(&[[0x88, 0xa8, 0, 9], [0x81, 0, 0, 7]], &plain), // QinQ
        plain,
    ];
    frames.iter().for_each(|frame| wire.send(frame));
    let expected: Vec<_> = frames.iter().map(|frame| (frame.clone(), frame.len() as u32)).collect();
    assert_eq!(receive(&mut ring, frames.len()), expected);
}

#[test]
#[ignore = "needs root"]
fn the_filter_selects_the_packets_of_the_ring() {
    let wire = Wire::new();
    // Accepts frames with an odd number.
    let program = vec![
        instruction(0x30, 0, 0, 17),
        instruction(0x45, 0, 1, 1),
        instruction(0x06, 0, 0, 65_535),
        instruction(0x06, 0, 0, 0),
    ];
    let filter = Some(Filter::new(program).expect("a sound program"));
    let mut ring = Ring::open(&RingOptions { filter, ..options("far") }).expect("the interface exists");
    (0..100).for_each(|n| wire.send(&frame(n, 60)));
    let packets = receive(&mut ring, 50);
    let numbers: Vec<_> = packets.iter().map(|(bytes, _)| bytes[17]).collect();
    assert_eq!(numbers, (0..100).filter(|n| n % 2 == 1).collect::<Vec<u8>>());
    assert_eq!(ring.statistics().packets, 50);
}

#[test]
#[ignore = "needs root"]
fn the_snap_length_truncates_and_the_wire_length_stays() {
    let wire = Wire::new();
    let filter = Some(Filter::keep(65_535));
    for filter in [None, filter] {
        let mut ring =
            Ring::open(&RingOptions { snaplen: 96, filter, ..options("far") }).expect("the interface exists");
        let long = frame(1, 1000);
        wire.send(&long);
        assert_eq!(receive(&mut ring, 1), [(long[..96].to_vec(), 1000)]);
    }
}

#[test]
#[ignore = "needs root"]
fn a_ring_that_is_not_read_counts_its_drops() {
    let wire = Wire::new();
    let mut rings =
        [Ring::open(&RingOptions { ring_bytes: 0, ..options("far") }).expect("the interface exists")];
    for sent in (0..4000).step_by(BURST) {
        (sent..sent + BURST).for_each(|n| wire.send(&frame(n as u32, 1500)));
        statistics(&mut rings, (sent + BURST) as u64);
    }
    let [statistics] = statistics(&mut rings, 4000);
    assert_eq!(statistics.packets, 4000);
    assert!(statistics.dropped > 2000, "two blocks hold fewer than 1400 frames: {statistics:?}");
    assert!(statistics.freezes > 0);
    let left = (statistics.packets - statistics.dropped) as usize;
    assert_eq!(receive(&mut rings[0], left).len(), left, "what was not dropped can be read");
}

#[test]
#[ignore = "needs root"]
fn rings_of_a_group_share_the_packets() {
    let wire = Wire::new();
    let lead = RingOptions { fanout: Fanout::Lead, ..options("far") };
    let first = Ring::open(&lead).expect("the interface exists");
    let second = Ring::open(&RingOptions { fanout: first.fanout(), ..options("far") });
    let other = Ring::open(&lead).expect("another group");
    assert!(matches!((first.fanout(), other.fanout()), (Fanout::Join(one), Fanout::Join(two)) if one != two));
    let mut rings = [first, second.expect("the group exists")];
    for n in 0..200u8 {
        // UDP from a new port each time, so that the flows are distributed
        let mut ipv4 = vec![0x45, 0, 0, 46, 0, 0, 0x40, 0, 64, 17, 0, 0, 192, 0, 2, 1, 198, 51, 100, 1];
        ipv4.extend([0x20, n, 0, 53, 0, 26, 0, 0]);
        ipv4.extend([n; 18]);
        let mut frame = vec![2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0];
        frame.append(&mut ipv4);
        wire.send(&frame);
    }
    let total = statistics(&mut rings, 200).map(|ring| ring.packets);
    assert_eq!(total[0] + total[1], 200, "each packet is in one ring: {total:?}");
    assert!(total.iter().all(|&packets| packets > 20), "both rings have some: {total:?}");
}

#[test]
#[ignore = "needs root"]
fn loopback_shows_each_packet_once() {
    let _wire = Wire::new();
    let mut ring = Ring::open(&options("lo")).expect("the interface exists");
    let from = std::net::UdpSocket::bind("127.0.0.1:0").expect("loopback is up");
    from.send_to(b"once", from.local_addr().expect("it is bound")).expect("loopback is up");
    assert_eq!(receive(&mut ring, 1).len(), 1);
    assert_eq!(ring.statistics().packets, 2, "the kernel shows it twice");
    Ring::wait(std::slice::from_ref(&ring), Duration::ZERO).expect("loopback is up");
    assert_eq!(ring.read_block(|_| ()), 0);
}

#[test]
#[ignore = "needs root"]
fn an_error_on_opening_is_one_line() {
    let _wire = Wire::new();
    let (up, gone) = (options("far"), options("near"));
    ip("link set dev far down");
    let error = |options| Ring::open(options).err().map(|error| error.0).unwrap_or_default();
    assert_eq!(error(&up), "far: the interface is down; bring it up: ip link set dev far up");
    ip("link delete dev far");
    assert_eq!(error(&gone), "near: no such interface any more");
}

#[test]
#[ignore = "needs root"]
fn a_ring_outlives_a_time_in_which_its_interface_is_down() {
    let wire = Wire::new();
    let lead = RingOptions { fanout: Fanout::Lead, ..options("far") };
    let mut ring = Ring::open(&lead).expect("the interface exists");
    let attachment = ring.attachment().expect("few files are open");
    wire.send(&frame(1, 100));
    assert_eq!(receive(&mut ring, 1).len(), 1);
    ip("link set dev far down");
    let begin = Instant::now();
    for _ in 0..2 {
        Ring::wait(std::slice::from_ref(&ring), Duration::from_millis(200)).expect("it can be waited for");
    }
    assert!(begin.elapsed() > Duration::from_millis(150), "a wait ends early once, not for ever");
    assert!(attachment.holds());
    bring_up_far();
    wire.send(&frame(2, 100));
    assert_eq!(receive(&mut ring, 1), [(frame(2, 100), 100)]);
    assert_eq!(ring.statistics().packets, 2);
}

#[test]
#[ignore = "needs root"]
fn a_ring_whose_interface_was_removed_has_lost_its_attachment() {
    let wire = Wire::new();
    let mut ring = Ring::open(&options("far")).expect("the interface exists");
    let attachment = ring.attachment().expect("few files are open");
    wire.send(&frame(1, 100));
    ip("link set dev far name other");
    assert!(attachment.holds(), "a ring has an interface, not a name");
    ip("link delete dev other");
    assert!(!attachment.holds());
    assert_eq!(receive(&mut ring, 1).len(), 1, "what has arrived can be read");
}

#[test]
#[ignore = "needs root"]
fn a_ring_that_was_ended_accepts_nothing_more() {
    let wire = Wire::new();
    let mut ring = Ring::open(&options("far")).expect("the interface exists");
    let attachment = ring.attachment().expect("few files are open");
    wire.send(&frame(1, 100));
    assert_eq!(statistics(std::array::from_mut(&mut ring), 1)[0].packets, 1);
    attachment.end().expect("the kernel accepts a filter");
    wire.send(&frame(2, 100));
    let mut later = Ring::open(&options("far")).expect("the interface exists");
    wire.send(&frame(3, 100));
    assert_eq!(receive(&mut later, 1), [(frame(3, 100), 100)]);
    assert_eq!(receive(&mut ring, 1), [(frame(1, 100), 100)]);
    assert_eq!(ring.statistics().packets, 1);
}

#[test]
#[ignore = "needs root"]
fn changes_of_interfaces_are_noticed() {
    let _wire = Wire::new();
    let changes = Netlink::subscribe().expect("a socket");
    assert!(!changes.wait(Duration::ZERO).expect("a socket"), "changes before it do not count");
    for command in [
        "link set dev far down",
        "link set dev far up",
        "link set dev far name other",
        "link delete dev near",
    ] {
        ip(command);
        assert!(changes.wait(TIME_LIMIT).expect("a socket"), "{command}");
        while changes.wait(Duration::from_millis(200)).expect("a socket") {} // the carrier follows later
    }
    for number in 0..150 {
        ip(&format!("link add name a{number} type veth peer name b{number}")); // more than the socket holds
    }
    assert!(changes.wait(TIME_LIMIT).expect("an overflow is a change as well"));
    let names: Vec<_> = Interface::list().expect("a list").into_iter().map(|one| one.name).collect();
    assert_eq!(names.len(), 301, "a list of more than one datagram");
}

#[test]
#[ignore = "needs root"]
fn the_error_without_privileges_names_the_missing_one() {
    let _wire = Wire::new();
    let options = options("far");
    // SAFETY: the calls take no pointers. Unlike libc's function, the system call changes only this thread.
    let result = unsafe { libc::syscall(libc::SYS_setresuid, 65_534, 65_534, 65_534) };
    assert_eq!(result, 0, "{}", std::io::Error::last_os_error());
    let error = Ring::open(&options).err().map(|error| error.0).unwrap_or_default();
    assert!(
        error.starts_with("far: no permission to capture, which requires CAP_NET_RAW: run as root (sudo "),
        "{error}"
    );
    assert!(error.contains("AmbientCapabilities=CAP_NET_RAW") && !error.contains('\n'), "{error}");
}
