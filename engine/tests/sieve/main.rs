//! The program of the kernel sieve on crafted packets, run by the kernel (BPF_PROG_TEST_RUN): it drops plain data of what
//! was added to its map, counts it, and passes everything else.
//!
//! The tests need root (CAP_BPF, CAP_NET_RAW), so they are ignored unless they are asked for:
//! `cargo test --test sieve -- --ignored --skip nanoseconds`.
#![cfg(target_os = "linux")]

mod flood;

use _engine::address::Address;
use _engine::capture::sieve::Sieve;
use _engine::capture::sifting::{Direction, Dropped, Sift};
use _engine::wire::decode::{decode, Decoded};
use _engine::wire::{Transport, TunnelPorts};
use std::os::fd::AsRawFd;

const ETHERNET: u16 = 1;
const PASS: u32 = u32::MAX;
const DROP: u32 = 0;
const A: u8 = 0x10; // the flag ACK

fn sieve() -> Sieve {
    sieve_for(16)
}

/// A sieve with room for so many directions.
fn sieve_for(room: u32) -> Sieve {
    Sieve::load(room).and_then(|sieve| sieve.probe().map(|()| sieve)).expect("the kernel lets root load it")
}

/// The part of `union bpf_attr` for a test run.
#[repr(C)]
#[derive(Default)]
struct TestRun {
    program: u32,
    result: u32,
    size_in: u32,
    size_out: u32,
    data_in: u64,
    data_out: u64,
    repeat: u32,
    duration_ns: u32,
    rest: [u64; 5],
}

/// What the program returns for a frame, and how long it takes on average.
fn run(sieve: &Sieve, frame: &[u8], repeat: u32) -> (u32, u32) {
    // The kernel takes off an Ethernet header, as it would not for a packet socket.
    let data = [&[0; 14], frame].concat();
    let mut attributes = TestRun {
        program: sieve.as_raw_fd() as u32,
        size_in: data.len() as u32,
        data_in: data.as_ptr() as u64,
        repeat,
        ..TestRun::default()
    };
    // SAFETY: the kernel reads and writes `attributes`, and reads the `size_in` bytes of `data`; both outlive the call.
    let result = unsafe { libc::syscall(libc::SYS_bpf, 10, &raw mut attributes, size_of::<TestRun>()) };
    assert_eq!(result, 0, "{}", std::io::Error::last_os_error());
    (attributes.result, attributes.duration_ns)
}

fn verdict(sieve: &Sieve, frame: &[u8]) -> u32 {
    run(sieve, frame, 1).0
}

/// Ends of the flow that all tests add: IPv4 or IPv6.
fn ends(v6: bool) -> [Address; 2] {
    match v6 {
        false => [Address::v4([192, 0, 2, 1]), Address::v4([198, 51, 100, 7])],
        true => [1, 2].map(|last| Address(0x2001_0db8 << 96 | last)),
    }
}

fn direction(v6: bool, protocol: u8, vlan: Option<u16>) -> Direction {
    Direction { addresses: ends(v6), ports: [50_000, 443], protocol, vlan }
}

/// A frame of that flow: VLAN tags, then IP with this transport header and payload.
fn frame(v6: bool, vlans: &[u16], protocol: u8, transport: &[u8]) -> Vec<u8> {
    let mut frame = vec![2; 12];
    for vlan in vlans {
        frame.extend([0x81, 0x00]);
        frame.extend(vlan.to_be_bytes());
    }
    let [source, destination] = ends(v6).map(|address| address.0.to_be_bytes());
    if v6 {
        frame.extend([0x86, 0xdd, 0x60, 0, 0, 0]);
        frame.extend((transport.len() as u16).to_be_bytes());
        frame.extend([protocol, 64]);
        frame.extend([source, destination].concat());
    } else {
        frame.extend([0x08, 0x00, 0x45, 0]);
        frame.extend((transport.len() as u16 + 20).to_be_bytes());
        frame.extend([0, 9, 0x40, 0, 64, protocol, 0, 0]);
        frame.extend([&source[12..], &destination[12..]].concat());
    }
    frame.extend(transport);
    frame
}

/// A TCP segment with sequence number 1000.
fn tcp(flags: u8, options: usize, payload: usize) -> Vec<u8> {
    let offset = ((5 + options / 4) << 4) as u8;
    let header = [0xc3, 0x50, 1, 187, 0, 0, 3, 232, 0, 0, 0, 1, offset, flags, 1, 0, 0, 0, 0, 0];
    [&header[..], &vec![1; options], &vec![7; payload]].concat()
}

/// A datagram that begins with this byte.
fn udp(first: u8, payload: usize) -> Vec<u8> {
    let length = (payload as u16 + 8).to_be_bytes();
    let mut datagram = vec![0xc3, 0x50, 1, 187, length[0], length[1], 0, 0, first];
    datagram.resize(8 + payload, 5);
    datagram
}

#[test]
#[ignore = "needs root"]
fn plain_data_of_an_added_direction_is_dropped_and_counted() {
    let sieve = sieve();
    for v6 in [false, true] {
        for (vlans, vlan) in [(&[][..], None), (&[0xe00a][..], Some(10)), (&[0][..], Some(0))] {
            let header = if v6 { 40 } else { 20 };
            let segments = [tcp(A, 0, 1000), tcp(A | 8, 12, 500), tcp(A, 0, 0), tcp(A | 0x40, 32, 0)];
            assert!(sieve.add(&direction(v6, 6, vlan), 900));
            for segment in &segments {
                assert_eq!(verdict(&sieve, &frame(v6, vlans, 6, segment)), DROP);
            }
            let dropped = sieve.take(&direction(v6, 6, vlan)).unwrap();
            let bytes = segments.iter().map(|segment| (segment.len() + header) as u64).sum();
            assert_eq!(dropped, Dropped { packets: 4, bytes, next: 2000, ..dropped });
            assert!(dropped.silence_ns < 1_000_000_000);
            assert!(sieve.add(&direction(v6, 17, vlan), 0));
            assert_eq!(verdict(&sieve, &frame(v6, vlans, 17, &udp(0x41, 900))), DROP);
            let dropped = sieve.take(&direction(v6, 17, vlan)).unwrap();
            assert_eq!((dropped.packets, dropped.bytes), (1, 908 + header as u64));
        }
    }
}

#[test]
#[ignore = "needs root"]
fn what_is_taken_out_passes_again() {
    let sieve = sieve();
    let bulk = frame(false, &[], 6, &tcp(A, 0, 100));
    assert_eq!(verdict(&sieve, &bulk), PASS);
    assert!(sieve.add(&direction(false, 6, None), 0));
    assert_eq!(verdict(&sieve, &bulk), DROP);
    assert!(sieve.take(&direction(false, 6, None)).is_some());
    assert_eq!(verdict(&sieve, &bulk), PASS);
    assert_eq!(sieve.take(&direction(false, 6, None)), None);
}

#[test]
#[ignore = "needs root"]
fn after_a_packet_that_is_no_data_the_direction_passes_until_it_is_added_again() {
    let sieve = sieve();
    let telling = [
        (6, tcp(2, 0, 0), tcp(A, 0, 99)),
        (6, tcp(A | 1, 0, 0), tcp(A, 0, 99)),
        (6, tcp(4, 0, 0), tcp(A, 0, 99)),
        (17, udp(0xc1, 1200), udp(0x41, 99)),
    ];
    for (protocol, first, data) in telling {
        let [first, data] = [first, data].map(|transport| frame(false, &[], protocol, &transport));
        assert!(sieve.add(&direction(false, protocol, None), 1000));
        assert_eq!(verdict(&sieve, &data), DROP);
        assert_eq!([verdict(&sieve, &first), verdict(&sieve, &data)], [PASS; 2]);
        assert_eq!(sieve.take(&direction(false, protocol, None)).unwrap().packets, 1);
        assert!(sieve.add(&direction(false, protocol, None), 1000));
        assert_eq!(verdict(&sieve, &data), DROP);
        sieve.take(&direction(false, protocol, None));
    }
}

#[test]
#[ignore = "needs root"]
fn numbers_of_another_connection_pass() {
    let sieve = sieve();
    let bulk = frame(false, &[], 6, &tcp(A, 0, 100)); // it ends at 1100
    for (next, expected) in [(1100, DROP), (2000, DROP), (1 << 26, DROP), (1 << 27, PASS), (3 << 30, PASS)] {
        assert!(sieve.add(&direction(false, 6, None), next));
        assert_eq!(verdict(&sieve, &bulk), expected, "{next}");
    }
}

#[test]
#[ignore = "needs root"]
fn a_full_map_refuses_further_directions() {
    let sieve = sieve();
    let numbered = |port| Direction { ports: [port, 443], ..direction(false, 6, None) };
    assert!((0..16).all(|port| sieve.add(&numbered(port), 0)));
    assert!(!sieve.add(&numbered(16), 0));
    assert!(sieve.take(&numbered(3)).is_some() && sieve.add(&numbered(16), 0));
}

/// Frames of added flows that are no plain data, each with what it is.
fn to_pass() -> Vec<(&'static str, Vec<u8>)> {
    let plain = |v6| frame(v6, &[], 6, &tcp(A, 0, 100));
    let changed = |v6, at: usize, byte| {
        let mut frame = plain(v6);
        frame[at] = byte;
        frame
    };
    let mut list = vec![
        ("SYN", frame(false, &[], 6, &tcp(2, 0, 0))),
        ("SYN with ACK", frame(false, &[], 6, &tcp(A | 2, 4, 0))),
        ("FIN", frame(false, &[], 6, &tcp(A | 1, 0, 100))),
        ("RST", frame(true, &[], 6, &tcp(4, 0, 0))),
        ("urgent data", frame(false, &[], 6, &tcp(A | 0x20, 0, 1))),
        ("no ACK", frame(false, &[], 6, &tcp(0, 0, 100))),
        ("another VLAN", frame(false, &[7], 6, &tcp(A, 0, 100))),
        ("two tags", frame(false, &[10, 10], 6, &tcp(A, 0, 100))),
        ("IPv4 options", changed(false, 14, 0x46)),
        ("a first fragment", changed(false, 20, 0x20)),
        ("a later fragment", changed(false, 21, 1)),
        ("another source", changed(false, 29, 99)),
        ("another port", changed(true, 55, 99)),
        ("an extension header", changed(true, 20, 0)),
        ("another version", changed(true, 14, 0x45)),
        ("longer than it is", changed(false, 16, 9)),
        ("a header that is too short", changed(false, 46, 0x40)),
        (
            "a header that is too long",
            frame(false, &[], 6, &{
                let mut segment = tcp(A, 0, 10);
                segment[12] = 0xf0;
                segment
            }),
        ),
        ("a QUIC long header", frame(false, &[], 17, &udp(0xc1, 1200))),
        ("no QUIC", frame(false, &[], 17, &udp(0x01, 1200))),
        ("too short for QUIC", frame(false, &[], 17, &udp(0x41, 20))),
        ("an empty datagram", frame(false, &[], 17, &udp(0x41, 0)[..8])),
        (
            "another length of the datagram",
            frame(false, &[], 17, &{
                let mut datagram = udp(0x41, 100);
                datagram[5] -= 1;
                datagram
            }),
        ),
        ("another protocol", frame(false, &[], 47, &tcp(A, 0, 100))),
        ("ARP", [&[2; 12][..], &[8, 6], &[0; 46]].concat()),
    ];
    list.extend([14, 16, 33, 53].map(|length| ("a cut packet", plain(false)[..length].to_vec())));
    list
}

/// A sieve to which the flow was added: over both versions of IP and both protocols, untagged and in VLAN 10.
fn filled() -> Sieve {
    let sieve = sieve();
    fill(&sieve);
    sieve
}

fn fill(sieve: &Sieve) {
    for v6 in [false, true] {
        for vlan in [None, Some(10)] {
            assert!([6, 17].iter().all(|protocol| sieve.add(&direction(v6, *protocol, vlan), 1000)));
        }
    }
}

#[test]
#[ignore = "needs root"]
fn everything_else_passes() {
    for (what, frame) in to_pass() {
        let sieve = filled();
        assert_eq!(verdict(&sieve, &frame), PASS, "{what}");
    }
}

#[test]
#[ignore = "needs root"]
fn whatever_is_dropped_the_engine_reads_as_plain_data_of_the_flow() {
    let sieve = filled();
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut draw = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed % below as u64) as usize
    };
    let ports = TunnelPorts::new(&[], &[], &[]);
    let mut dropped = 0;
    for _ in 0..20_000 {
        let transport = if draw(2) == 0 { tcp(A, 4 * draw(4), draw(99)) } else { udp(0x40, 21 + draw(99)) };
        let protocol = if transport[4] == 0 && transport[6] == 3 { 6 } else { 17 };
        let vlans = &[10, 10][..draw(3)];
        let mut frame = frame(draw(2) == 0, vlans, protocol, &transport);
        for _ in 0..draw(3) {
            let at = draw(frame.len());
            frame[at] = draw(256) as u8;
        }
        fill(&sieve);
        if verdict(&sieve, &frame) == PASS {
            continue;
        }
        dropped += 1;
        let decoded = decode(ETHERNET, &frame, frame.len() as u32, &ports);
        let Ok(Decoded::Segment(segment)) = decoded else { panic!("{frame:02x?}: {decoded:?}") };
        assert!(ends(false) == [segment.src, segment.dst] || ends(true) == [segment.src, segment.dst]);
        assert_eq!((segment.src_port, segment.dst_port), (50_000, 443), "{frame:02x?}");
        assert!(matches!(segment.realm.vlan(), None | Some(10)) && segment.realm.inner_vlan().is_none());
        match segment.transport {
            Transport::Tcp { flags, .. } => assert_eq!(flags & 0x37, A, "{frame:02x?}"),
            Transport::Udp => assert_eq!(segment.payload[0] & 0xc0, 0x40, "{frame:02x?}"),
        }
    }
    assert!((4_000..18_000).contains(&dropped), "{dropped}");
}

/// Prints the cost of a packet:
/// `cargo test --release --no-default-features --test sieve nanoseconds -- --ignored --nocapture`.
#[test]
#[ignore = "a benchmark"]
fn nanoseconds_per_packet() {
    let sieve = filled();
    let bulk = |v6, vlans| frame(v6, vlans, 6, &tcp(A, 12, 1400));
    let other = |v6| {
        let mut frame = bulk(v6, &[]);
        let at = if v6 { 54 } else { 34 };
        frame[at] = 1; // a port
        frame
    };
    let cases = [
        ("dropped: TCP over IPv4", bulk(false, &[])),
        ("dropped: TCP over IPv4 in a VLAN", bulk(false, &[10])),
        ("dropped: TCP over IPv6", bulk(true, &[])),
        ("dropped: QUIC over IPv4", frame(false, &[], 17, &udp(0x41, 1200))),
        ("passed: of another flow, IPv4", other(false)),
        ("passed: of another flow, IPv6", other(true)),
        ("passed: ARP", to_pass().into_iter().find(|(what, _)| *what == "ARP").unwrap().1),
    ];
    for (what, frame) in cases {
        let mut times: Vec<_> = (0..5).map(|_| run(&sieve, &frame, 1_000_000).1).collect();
        times.sort_unstable();
        println!("{what}: {} ns", times[2]);
    }
}
