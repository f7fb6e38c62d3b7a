//! The opening of a connection in segments of any size, in any order, any number of times: the hello is found
//! exactly when its last byte has come, and it is the hello that was sent.
//!
//! Input: one byte that says whether a SYN is seen, then four bytes for each segment: where it begins and how
//! long it is.
#![no_main]

use _engine::address::Address;
use _engine::flow::head::Heads;
use _engine::flow::key::{FlowKey, TCP};
use _engine::flow::record::{Flow, Phase};
use _engine::flow::tcp::{close, Header, Opening};
use _engine::tally::Tally;
use _engine::wire::{decode::decode, flags, tls, Progress};
use libfuzzer_sys::fuzz_target;

/// What the client sends: a real hello of two segments, and a record behind it.
const SENT: &[u8] = include_bytes!("../seeds/tls/hello_two_segments_ech.bin");
const FIRST: u32 = u32::MAX - 700; // the sequence numbers wrap inside the hello
const SLOT: u32 = 0;
const RAW_IP: u16 = 101;

/// The client's IP packet with these bytes.
fn packet(bytes: &[u8], seq: u32, flags: u8) -> Vec<u8> {
    let length = (40 + bytes.len() as u16).to_be_bytes();
    let mut packet = vec![0x45, 0, length[0], length[1], 0, 0, 0x40, 0, 64, TCP, 0, 0];
    packet.extend([192, 0, 2, 1, 192, 0, 2, 2, 0xc3, 0x50, 0x01, 0xbb]);
    packet.extend(seq.to_be_bytes());
    packet.extend([0, 0, 0, 0, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    packet.extend(bytes);
    packet
}

fuzz_target!(|input: &[u8]| {
    let Some((first, pieces)) = input.split_first() else {
        return;
    };
    let Ok(Progress::Parsed(hello)) = tls::parse_hello_stream(SENT) else {
        unreachable!("the seed holds a hello");
    };
    let hello_len = 5 + usize::from(u16::from_be_bytes([SENT[3], SENT[4]]));
    let addresses = [Address::v4([192, 0, 2, 1]), Address::v4([192, 0, 2, 2])];
    let mut flow = Flow::new(FlowKey { addresses, ports: [50_000, 443], protocol: TCP }, 0, 0, 0, 0);
    let (mut heads, mut tally) = (Heads::new(2, 65_536), Tally::default());
    let mut follow = |flow: &mut Flow, seq: u32, flags: u8, bytes: &[u8]| {
        let (heads, tally) = (&mut heads, &mut tally);
        let mut opening = Opening { flow, slot: SLOT, side: 0, heads, tally };
        let packet = packet(bytes, seq, flags);
        let segment = decode(RAW_IP, &packet, packet.len() as u32).expect("the packet is right");
        opening.follow(Header { seq, ack: 0, flags }, &segment, 0)
    };
    let with_syn = first & 1 == 1;
    if with_syn {
        follow(&mut flow, FIRST.wrapping_sub(1), flags::SYN, b"");
    }
    let (mut seen, mut was_found, mut segments) = (vec![false; SENT.len()], false, 0);
    let mut bytes = 0;
    for piece in pieces.chunks_exact(4) {
        let begin = usize::from(u16::from_be_bytes([piece[0], piece[1]])) % SENT.len();
        let length = usize::from(u16::from_be_bytes([piece[2], piece[3]])) % 1460 + 1;
        let end = SENT.len().min(begin + length);
        seen[begin..end].fill(true);
        segments += 1;
        bytes += end - begin;
        was_found |= follow(&mut flow, FIRST.wrapping_add(begin as u32), 0, &SENT[begin..end]);
        let is_whole = seen[..hello_len].iter().all(|seen| *seen);
        assert!(!was_found || is_whole, "found before it was whole");
        if with_syn && segments * 96 + bytes < 65_000 {
            assert_eq!(was_found, is_whole, "whole, but not found");
        }
        assert_eq!(was_found, flow.sides[0].phase == Phase::Hello);
    }
    close(&mut flow, SLOT, &mut heads, &mut tally);
    assert_eq!((heads.len(), heads.bytes()), (0, 0));
    let naming = flow.naming.as_deref();
    if was_found {
        assert_eq!(naming.and_then(|naming| naming.hello.as_ref()), Some(&hello));
    } else if let Some(partial) = naming.and_then(|naming| naming.partial.as_ref()) {
        assert_eq!(Some(partial), hello.server_name.as_ref());
    }
});
