//! Connections of TCP.

use super::{compare, headers, outcome, Chance, Sent, SECOND};
use _engine::wire::flags::{ACK, FIN, RST, SYN};

const PORTS: [u16; 4] = [443, 443, 80, 53];

/// A frame of the connection of a client's port; `up`: from the client.
fn frame(
    chance: &mut Chance,
    connection: usize,
    up: bool,
    header: (u32, u32, u8),
    payload: &[u8],
) -> Vec<u8> {
    let (seq, ack, flags) = header;
    let ports = [40_000 + connection as u16, PORTS[connection % PORTS.len()]];
    let mut bytes = headers(chance, connection, up, 6, (ports, 20 + payload.len()));
    [seq, ack].iter().for_each(|number| bytes.extend(number.to_be_bytes()));
    bytes.extend([0x50, flags, 1, 1, 0, 0, 0, 0]);
    bytes.extend(payload);
    bytes
}

fn opening(connection: usize, up: bool, chance: &mut Chance) -> Vec<u8> {
    let hello = [&[22, 3, 1, 0, 80, 1, 0, 0, 76, 3, 3][..], &[7; 64]].concat();
    match (PORTS[connection % PORTS.len()], up) {
        (443, true) => hello[..if chance.is_one_of(4) { 20 } else { hello.len() }].to_vec(),
        (443, false) => [&[22, 3, 3, 0, 80, 2, 0, 0, 76, 3, 3][..], &[9; 74]].concat(),
        (80, true) => b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n".to_vec(),
        (53, true) => [&[0, 19, 0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, b'a', 0, 0, 1, 0, 1][..]].concat(),
        _ => vec![1; 30],
    }
}

/// Packets of a few connections with whatever happens to some.
fn traffic(seed: u64) -> Vec<Sent> {
    let mut chance = Chance::new(seed);
    let mut time_ns = 1_700_000_000 * SECOND;
    let mut packets: Vec<Sent> = Vec::new();
    let mut next = [[1000u32, 5_000_000]; PORTS.len()];
    let mut sent = [[0u32; 2]; PORTS.len()];
    for step in 0..3000u64 {
        chance.set_mirror(step);
        let connection = chance.below(PORTS.len() as u64) as usize;
        let up = chance.is_one_of(2);
        let (own, other) = (usize::from(!up), usize::from(up));
        time_ns += if chance.is_one_of(400) { 400 * SECOND } else { 1 + chance.below(SECOND / 50) };
        let begins = sent[connection] == [0, 0] || (step > 1000 && chance.is_one_of(300));
        if begins && chance.below(4) > 0 {
            let [client, server] = next[connection].map(|number| number.wrapping_add(seed as u32 * 77));
            for (up, header) in [(true, (client, 0, SYN)), (false, (server, client + 1, SYN | ACK))] {
                let bytes = frame(&mut chance, connection, up, header, b"");
                packets.push((time_ns, bytes, 0));
                time_ns += SECOND / 100;
            }
            (next[connection], sent[connection]) = ([client + 1, server + 1], [1, 1]);
            continue;
        }
        let payload = match sent[connection][own] {
            0 | 1 if chance.below(8) > 0 => opening(connection, up, &mut chance),
            _ => vec![b'x'; (chance.below(3) * chance.below(700)) as usize],
        };
        let seq = match chance.below(40) {
            0 => next[connection][own].wrapping_sub(chance.below(2000) as u32),
            1 => next[connection][own].wrapping_add(chance.below(2000) as u32),
            _ => next[connection][own],
        };
        let ack = match chance.below(40) {
            0 => next[connection][other].wrapping_sub(chance.below(2000) as u32),
            1 => next[connection][other].wrapping_add(chance.below(2000) as u32),
            _ => next[connection][other],
        };
        let flags = match chance.below(150) {
            0 => RST,
            1 => FIN | ACK,
            2 => SYN,
            3 => 0,
            _ => ACK,
        };
        next[connection][own] = seq.wrapping_add(payload.len() as u32);
        sent[connection][own] += 1 + u32::from(!payload.is_empty());
        let bytes = frame(&mut chance, connection, up, (seq, ack, flags), &payload);
        chance.deliver(&mut packets, time_ns, bytes, 54);
    }
    packets
}

/// A segment ahead of its side waits with a SYN, and comes again once what was before it has come.
fn copy_of_a_waiting_segment() -> Vec<Sent> {
    const CONNECTION: usize = 2; // on a port without TLS, of hosts that identify their packets
    let (mut chance, mut packets) = (Chance::new(2), Vec::<Sent>::new());
    let mut send =
        |packet: Vec<u8>| packets.push((1_700_000_000 * SECOND + packets.len() as u64 * 1000, packet, 0));
    let mut frame = |up, header, payload: &[u8]| frame(&mut chance, CONNECTION, up, header, payload);
    send(frame(true, (0, 0, SYN), b""));
    send(frame(false, (0, 1, SYN | ACK), b""));
    send(frame(true, (1, 1, ACK), b"GET / HTTP/1.1\r\n\r\n"));
    for n in 0..2000 {
        send(frame(false, (1 + n * 1000, 19, ACK), &[b'x'; 1000]));
        send(frame(true, (19, 1001 + n * 1000, ACK), b""));
    }
    let ahead = frame(true, (119, 1, ACK), b"what acknowledges little");
    send(frame(true, (18, 0, SYN), b""));
    send(ahead.clone());
    send(frame(true, (19, 2_000_001, ACK), &[b'y'; 100]));
    send(ahead);
    packets
}

#[test]
fn a_segment_of_which_a_copy_waits_with_a_syn_is_a_duplicate() {
    let packets = copy_of_a_waiting_segment();
    let short = outcome(&packets, 0, 0);
    assert!(short.last().unwrap().contains("duplicate_packets: 1"), "{short:?}");
    assert_eq!(short, outcome(&packets, 0, 1 << 26));
}

#[test]
fn the_short_path_of_settled_connections_changes_no_record_and_no_counter() {
    let results = compare(traffic);
    assert!(results > 500, "{results}");
}
