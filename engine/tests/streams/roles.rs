//! Only what the client says names a flow, whatever its server sends, or others in the server's name.

use crate::traffic::{hello, settings, Talk};
use _engine::report::flow_record::FlowRecord;
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

#[test]
fn a_hello_without_a_syn_shows_who_the_client_is() {
    let mut talk = Talk::new(443, settings());
    talk.down(&hello(Some(NAME)));
    let flow = talk.only_flow();
    assert_eq!((flow.name.as_deref(), flow.client_port), (Some(NAME), 443));
}
