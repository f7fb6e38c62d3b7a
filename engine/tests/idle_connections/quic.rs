//! QUIC connections that rest, and datagrams between their ends that are none of theirs.

use super::{finish, of_file, FlowRecord, Monitor, Packet, SECOND, START};
use std::path::Path;

const PORT: u16 = 50_000;
const NAME: &str = "api.cirrus-ci.com";
const DECOY: &str = "www.wireshark.org";
/// The IDs that the server and the client chose.
const SERVER: &[u8] = b"server's";
const CLIENTS: [&[u8]; 2] = [b"", b"client's"];

fn seed(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/quic");
    std::fs::read(folder.join(name).with_extension("bin")).unwrap()
}

/// Feeds a datagram of the client (`up`) or the server.
fn feed(monitor: &mut Monitor, time_ns: u64, (up, port): (bool, u16), payload: &[u8]) {
    let (mut ends, mut ports) = ([[192, 0, 2, 7], [198, 51, 100, 9]], [port, 443]);
    if !up {
        ends.reverse();
        ports.reverse();
    }
    let mut bytes = vec![0x45, 0];
    bytes.extend((28 + payload.len() as u16).to_be_bytes());
    bytes.extend([0, 0, 0, 0, 64, 17, 0, 0]);
    bytes.extend(ends.concat());
    ports.iter().for_each(|port| bytes.extend(port.to_be_bytes()));
    bytes.extend((8 + payload.len() as u16).to_be_bytes());
    bytes.extend([0, 0]);
    bytes.extend(payload);
    let wire_len = bytes.len() as u32;
    monitor.packet(&Packet { number: 0, time_ns, link: 101, interface: 0, wire_len, bytes: &bytes });
}

/// A packet with a long header: an Initial (0xc0) or of the handshake (0xe0).
fn long(first: u8, destination: &[u8], source: &[u8]) -> Vec<u8> {
    let ids = [destination, source].map(|id| [&[id.len() as u8], id].concat()).concat();
    [&[first, 0, 0, 0, 1][..], &ids, &[0, 0x40, 100], &[7; 100]].concat()
}

fn short(id: &[u8], n: u32) -> Vec<u8> {
    [&[0x41], id, &n.to_be_bytes()[..], &[9; 60]].concat()
}

/// Opens a connection: a hello in `seed`, the handshake, data both ways.
fn open(monitor: &mut Monitor, time_ns: u64, port: u16, hello: &str, (server, client): (&[u8], &[u8])) {
    for (n, (up, datagram)) in [
        (true, seed(hello)),
        (false, long(0xc0, client, server)),
        (true, long(0xe0, server, client)),
        (true, short(server, 1)),
        (false, short(client, 2)),
    ]
    .iter()
    .enumerate()
    {
        feed(monitor, time_ns + n as u64 * 60_000_000, (*up, port), datagram);
    }
}

/// Ten datagrams of each side.
fn go_on(monitor: &mut Monitor, time_ns: u64, port: u16, (server, client): (&[u8], &[u8])) {
    for n in 0..10 {
        let time_ns = time_ns + u64::from(n) * SECOND;
        feed(monitor, time_ns, (true, port), &short(server, 10 + n));
        feed(monitor, time_ns + 60_000_000, (false, port), &short(client, 10 + n));
    }
}

fn packets(flow: &FlowRecord) -> u64 {
    flow.sent_packets + flow.received_packets
}

fn assert_goes_on(flows: &[FlowRecord], all: u64, what: &str) {
    assert_eq!(flows.iter().map(packets).sum::<u64>(), all, "{what}");
    let next =
        flows.iter().rfind(|flow| flow.continues.is_some()).unwrap_or_else(|| panic!("{what}: {flows:?}"));
    assert_eq!((next.name.as_deref(), next.continues), (Some(NAME), Some(flows[0].flow_id)), "{what}");
    assert!(packets(next) >= 20, "{what}: {flows:?}");
}

/// A packet of Google's version 43, which is not encrypted, with a piece of a hello.
fn clear_packet(piece: &[u8], offset: u16) -> Vec<u8> {
    const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 1 << 88 | 0x13b;
    let header = &b"\x09connectnQ043\x01"[..];
    let payload =
        [&[0xa4, 1][..], &offset.to_be_bytes(), &(piece.len() as u16).to_be_bytes(), piece].concat();
    let hashed = [header, &payload, b"Client"].concat();
    let hash = hashed.iter().fold(BASIS, |hash, byte| (hash ^ u128::from(*byte)).wrapping_mul(PRIME));
    [header, &hash.to_le_bytes()[..12], &payload].concat()
}

/// The two datagrams of a hello.
fn hello_in_two() -> [(bool, Vec<u8>); 2] {
    let length = (NAME.len() as u32).to_le_bytes();
    let hello = [&b"CHLO\x01\0\0\0SNI\0"[..], &length, NAME.as_bytes()].concat();
    [(true, clear_packet(&hello[..18], 0)), (true, clear_packet(&hello[18..], 18))]
}

/// A forged datagram of one kind, the `n`th.
fn forged(kind: &str, n: u32, client: &[u8]) -> Vec<u8> {
    let id = [&b"forg"[..], &n.to_be_bytes()].concat();
    match kind {
        "initial" => seed("draft_28"),
        "long" => long(0xc0, client, &id),
        "long with another id" => long(0xc0, &id, &id),
        "handshake" => long(0xe0, &id, client),
        "negotiation" => [&[0xc0, 0, 0, 0, 0, 0][..], &[8], &id, &[1, 2, 3, 4]].concat(),
        "short" => short(&id, n),
        "reset" => [&[0x41][..], &id, &[3; 22]].concat(),
        _ => id,
    }
}

const KINDS: [&str; 8] =
    ["initial", "long", "long with another id", "handshake", "negotiation", "short", "reset", "text"];

#[test]
fn forged_datagrams_of_either_or_both_sides_take_no_name_from_a_connection_that_rests() {
    for client in CLIENTS {
        for kind in KINDS {
            for ends in [&[true][..], &[false], &[true, false]] {
                for count in [1, 2, 9, 100] {
                    for rest_s in [5, 100, 3600] {
                        let mut monitor = of_file();
                        open(&mut monitor, START, PORT, "v1_chromium", (SERVER, client));
                        let time_ns = START + rest_s * SECOND;
                        for n in 0..count {
                            let end = (ends[n as usize % ends.len()], PORT);
                            feed(
                                &mut monitor,
                                time_ns + u64::from(n) * 60_000_000,
                                end,
                                &forged(kind, n, client),
                            );
                        }
                        go_on(&mut monitor, time_ns + 20 * SECOND, PORT, (SERVER, client));
                        go_on(&mut monitor, time_ns + 200 * SECOND, PORT, (SERVER, client));
                        let flows = finish(&mut monitor);
                        let what = format!("{count} of {kind} from {ends:?} after {rest_s} s, ID {client:?}");
                        assert_goes_on(&flows, 45 + u64::from(count), &what);
                        let others = flows.iter().filter(|flow| flow.name.as_deref() != Some(NAME));
                        assert!(others.map(packets).sum::<u64>() <= u64::from(count), "{what}: {flows:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_forged_datagram_on_the_port_that_a_nat_assigns_next_takes_no_name() {
    for kind in KINDS {
        for up in [true, false] {
            let ids = (SERVER, CLIENTS[1]);
            let mut monitor = of_file();
            open(&mut monitor, START, PORT, "v1_chromium", ids);
            let time_ns = START + 100 * SECOND;
            feed(&mut monitor, time_ns, (up, PORT + 7), &forged(kind, 1, ids.1));
            go_on(&mut monitor, time_ns + SECOND, PORT + 7, ids);
            let flows = finish(&mut monitor);
            assert_goes_on(&flows, 26, &format!("{kind} {up}: {flows:?}"));
        }
    }
}

#[test]
fn what_a_forged_hello_says_is_in_a_flow_of_its_own() {
    let mut monitor = of_file();
    open(&mut monitor, START, PORT, "v1_chromium", (SERVER, CLIENTS[1]));
    feed(&mut monitor, START + 100 * SECOND, (true, PORT), &seed("draft_28"));
    go_on(&mut monitor, START + 101 * SECOND, PORT, (SERVER, CLIENTS[1]));
    let flows = finish(&mut monitor);
    let seen: Vec<_> = flows.iter().map(|flow| (flow.name.as_deref(), packets(flow))).collect();
    assert_eq!(seen, [(Some(NAME), 5), (Some(DECOY), 1), (Some(NAME), 20)]);
}

#[test]
fn another_connection_on_the_same_port_is_one_of_its_own() {
    for client in CLIENTS {
        let mut monitor = of_file();
        open(&mut monitor, START, PORT, "v1_chromium", (SERVER, client));
        let other = (&b"2. server"[..], if client.is_empty() { b"" } else { &b"2. client"[..] });
        open(&mut monitor, START + 100 * SECOND, PORT, "draft_28", other);
        go_on(&mut monitor, START + 102 * SECOND, PORT, other);
        go_on(&mut monitor, START + 900 * SECOND, PORT, other);
        let flows = finish(&mut monitor);
        let seen: Vec<_> = flows.iter().map(|flow| (flow.name.as_deref(), packets(flow))).collect();
        assert_eq!(seen, [(Some(NAME), 5), (Some(DECOY), 25), (Some(DECOY), 20)], "{client:?}");
        assert_eq!(flows[2].continues, Some(flows[1].flow_id));
    }
}

#[test]
fn connections_side_by_side_keep_their_packets() {
    for client in CLIENTS {
        let mut monitor = of_file();
        let ids = [(SERVER, client), (b"2. server", if client.is_empty() { b"" } else { b"2. client" })];
        open(&mut monitor, START, PORT, "v1_chromium", ids[0]);
        open(&mut monitor, START + SECOND, PORT + 1, "draft_28", ids[1]);
        for at in [2, 20, 400] {
            go_on(&mut monitor, START + at * SECOND, PORT, ids[0]);
            go_on(&mut monitor, START + (at + 11) * SECOND, PORT + 1, ids[1]);
        }
        let flows = finish(&mut monitor);
        let mut seen: Vec<_> =
            flows.iter().map(|flow| (flow.client_port, flow.name.as_deref(), packets(flow))).collect();
        seen.sort_unstable();
        let [one, other] = [(PORT, Some(NAME)), (PORT + 1, Some(DECOY))];
        assert_eq!(
            seen,
            [(one.0, one.1, 20), (one.0, one.1, 45), (other.0, other.1, 20), (other.0, other.1, 45)]
        );
    }
}

#[test]
fn a_connection_goes_on_with_its_name_wherever_the_servers_packets_come_in_its_hello() {
    for client in CLIENTS {
        let [one, two] = hello_in_two();
        let server = [(false, long(0xc0, client, SERVER)), (false, long(0xe0, client, SERVER))];
        let finished =
            [long(0xe0, SERVER, client), [long(0xc0, SERVER, client), long(0xe0, SERVER, client)].concat()];
        for finished in finished {
            for at in 0..=2 {
                for later in at..=3 {
                    let mut sent = vec![one.clone(), two.clone()];
                    sent.insert(at, server[0].clone());
                    sent.insert(later.max(at + 1), server[1].clone());
                    sent.extend([
                        (true, finished.clone()),
                        (true, short(SERVER, 1)),
                        (false, short(client, 2)),
                    ]);
                    let mut monitor = of_file();
                    for (n, (up, datagram)) in (0..).zip(&sent) {
                        feed(&mut monitor, START + n * 60_000_000, (*up, PORT), datagram);
                    }
                    go_on(&mut monitor, START + 100 * SECOND, PORT, (SERVER, client));
                    go_on(&mut monitor, START + 300 * SECOND, PORT, (SERVER, client));
                    assert_goes_on(&finish(&mut monitor), 47, &format!("{at} {later} {client:?}"));
                }
            }
        }
    }
}

#[test]
fn another_connection_that_shows_the_same_id_does_not_replace_the_name() {
    for client in CLIENTS {
        for up in [true, false] {
            let mut monitor = of_file();
            open(&mut monitor, START, PORT, "v1_chromium", (SERVER, client));
            feed(&mut monitor, START + SECOND, (true, PORT + 1), &seed("draft_28"));
            let ids = if up { (SERVER, client) } else { (client, SERVER) };
            feed(&mut monitor, START + 2 * SECOND, (up, PORT + 1), &long(0xc0, ids.0, ids.1));
            go_on(&mut monitor, START + 100 * SECOND, PORT, (SERVER, client));
            let flows = finish(&mut monitor);
            let next = flows.iter().find(|flow| flow.continues.is_some()).unwrap();
            assert_eq!((next.name.as_deref(), next.continues), (Some(NAME), Some(flows[0].flow_id)));
        }
    }
}
