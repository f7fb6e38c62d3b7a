//! Only what the client says names a flow, whatever its server sends, or others in the server's name.

use crate::traffic::{hello, settings, Talk};
use _engine::report::flow_record::FlowRecord;
use _engine::report::limitation::Limitation;
use _engine::types::contact::Contact;
use _engine::types::evidence::Evidence;
use _engine::wire::flags::{ACK, SYN};

const NAME: &str = "a.cloud.example";
const OTHER: &str = "innocent.example";

/// The name, the client's port and the contact.
fn seen(flow: &FlowRecord) -> (Option<&str>, u16, Contact) {
    (flow.name.as_deref(), flow.client_port, flow.contact)
}

#[test]
fn a_hello_of_the_server_takes_neither_the_name_nor_the_clients_place() {
    for size in [1, 20, 1000] {
        for own in [Some(NAME), None] {
            let mut talk = Talk::new(443, settings()).open();
            hello(Some(OTHER)).chunks(size).for_each(|part| talk.down(part));
            talk.up(&hello(own));
            let flow = talk.only_flow();
            assert_eq!(seen(&flow), (own, 40_000, Contact::Data), "{size}");
        }
    }
}

#[test]
fn a_hello_of_the_server_gives_no_name_to_a_client_that_states_none() {
    for (size, rest) in [(1, 0), (1000, 0), (30, 10)] {
        let mut talk = Talk::new(22, settings()).open();
        let forged = hello(Some(NAME));
        forged[..forged.len() - rest].chunks(size).for_each(|part| talk.down(part));
        talk.up(b"SSH-2.0-OpenSSH_9\r\n");
        let flow = talk.only_flow();
        assert_eq!((flow.name.as_deref(), flow.server_name.as_deref()), (None, None), "{size}");
    }
}

#[test]
fn a_hello_in_the_servers_name_before_it_answers_the_syn_takes_no_name() {
    let forged = hello(Some(OTHER));
    let strays: [&[(u8, &[u8])]; 5] = [
        &[(ACK, &forged)],
        &[(ACK, &forged[..20]), (ACK, &forged[20..])],
        &[(ACK, b"\r\n"), (ACK, &forged)],
        &[(SYN, b""), (ACK, &forged)],
        &[(SYN | ACK, b""), (ACK, &forged)],
    ];
    for stray in strays {
        for seq in [77_777_777, 2_000_000_000, 4_000_000_000, 5_000] {
            for is_answer_seen in [true, false] {
                let mut talk = Talk::new(443, settings());
                talk.segment(true, 999, 0, SYN, b"", None);
                let mut next = seq;
                for (flags, bytes) in stray {
                    talk.segment(false, next, 88_888_888, *flags, bytes, None);
                    next = next.wrapping_add(bytes.len() as u32 + u32::from(flags & SYN != 0));
                }
                if is_answer_seen {
                    talk.segment(false, 4999, 1000, SYN | ACK, b"", None);
                }
                talk.up(&hello(Some(NAME)));
                talk.down(b"\x16\x03\x03\0\x03\x02\0\0");
                talk.up(b"more");
                let flow = talk.only_flow();
                let what = format!("{stray:?} {seq} {is_answer_seen}");
                assert_eq!(seen(&flow), (Some(NAME), 40_000, Contact::Data), "{what}");
                assert_eq!(flow.evidence, Evidence::Sni, "{what}");
            }
        }
    }
}

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a.cloud.example\r\n\r\n";

/// What only a client sends, each with a host or a request to a proxy.
fn steps() -> Vec<Vec<u8>> {
    let address = [1, 2, 3, 4, 5, 6, 7, 8, 0, 80, 1, 187];
    let authority = [&[2, 0, 16][..], OTHER.as_bytes()].concat();
    let length = (address.len() + authority.len()) as u16;
    let proxy_header =
        [&b"\r\n\r\n\0\r\nQUIT\n\x21\x11"[..], &length.to_be_bytes(), &address, &authority].concat();
    vec![
        b"GET / HTTP/1.1\r\nHost: innocent.example\r\n\r\n".to_vec(),
        b"GET http://innocent.example/ HTTP/1.1\r\n\r\n".to_vec(),
        b"CONNECT innocent.example:443 HTTP/1.1\r\n\r\n".to_vec(),
        b"CONNECT 192.0.2.9:443 HTTP/1.1\r\n\r\n".to_vec(),
        b"\x05\x01\0\x05\x01\0\x03\x10innocent.example\x01\xbb".to_vec(),
        proxy_header,
    ]
}

/// What is known of a connection in which the server sends a step in segments of `size` bytes, and the client `own`, first
/// or last. Without a handshake, the ports show who is the client.
fn answered_by(step: &[u8], size: usize, own: &[u8], is_first: bool, is_open: bool) -> FlowRecord {
    let talk = Talk::new(443, settings());
    let mut talk = if is_open { talk.open() } else { talk };
    if is_first {
        talk.up(own);
    }
    step.chunks(size).for_each(|part| talk.down(part));
    if !is_first {
        talk.up(own);
    }
    talk.only_flow()
}

#[test]
fn a_request_of_the_server_gives_no_name_to_a_client_that_states_none() {
    for step in steps() {
        for size in [1, 7, 1000] {
            for is_first in [true, false] {
                let flow = answered_by(&step, size, b"SSH-2.0-OpenSSH_9\r\n", is_first, true);
                assert_eq!((flow.name.as_deref(), flow.signature), (None, None), "{step:?} {size}");
                assert!(!flow.view.contains(&Limitation::Proxied), "{step:?} {size}");
            }
        }
    }
}

#[test]
fn a_request_of_the_server_replaces_no_name_of_the_client_and_makes_it_no_proxy() {
    let owns = [(hello(Some(NAME)), Evidence::Sni), (REQUEST.to_vec(), Evidence::HttpHost)];
    for step in steps() {
        for (own, evidence) in &owns {
            for size in [1, 7, 1000] {
                for is_first in [true, false] {
                    let flow = answered_by(&step, size, own, is_first, true);
                    assert_eq!(
                        (flow.name.as_deref(), flow.evidence),
                        (Some(NAME), *evidence),
                        "{step:?} {size}"
                    );
                    assert!(!flow.view.contains(&Limitation::Proxied), "{step:?} {size}");
                }
            }
        }
    }
}

#[test]
fn behind_the_clients_request_one_of_the_server_changes_nothing_where_no_handshake_was_seen() {
    for step in steps() {
        let flow = answered_by(&step, 1000, REQUEST, true, false);
        assert_eq!((flow.name.as_deref(), flow.evidence), (Some(NAME), Evidence::HttpHost), "{step:?}");
    }
}

#[test]
fn what_follows_a_stray_syn_of_the_server_counts_no_more_once_it_answers_the_clients() {
    let mut strays = steps();
    strays.extend([hello(Some(OTHER)), b"EHLO x\r\nNOOP\r\n".to_vec()]);
    let owns = [(hello(Some(NAME)), Some(NAME)), (b"SSH-2.0-OpenSSH_9\r\n".to_vec(), None)];
    for stray in &strays {
        for (own, name) in &owns {
            let mut talk = Talk::new(443, settings());
            talk.segment(true, 999, 0, SYN, b"", None);
            talk.segment(false, 77_777_777, 0, SYN, b"", None);
            talk.segment(false, 77_777_778, 5, ACK, stray, None);
            talk.segment(false, 4999, 1000, SYN | ACK, b"", None);
            talk.up(own);
            talk.down(b"data");
            let flow = talk.only_flow();
            assert_eq!((flow.name.as_deref(), flow.client_port), (*name, 40_000), "{stray:?}");
            assert!(!flow.view.contains(&Limitation::Proxied), "{stray:?}");
        }
    }
}

#[test]
fn a_hello_without_a_syn_shows_who_the_client_is() {
    let mut talk = Talk::new(443, settings());
    talk.down(&hello(Some(NAME)));
    let flow = talk.only_flow();
    assert_eq!((flow.name.as_deref(), flow.client_port), (Some(NAME), 443));
}
