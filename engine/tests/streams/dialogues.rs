//! Dialogues of line protocols before TLS: whatever the server refuses, the hello behind the request for TLS is found, and
//! nothing else is taken for one.

use crate::traffic::{hello, settings, Talk};
use _engine::types::evidence::Evidence;
use _engine::types::unnamed::Unnamed;

const NAME: &str = "a.cloud.example";

/// A protocol's greeting, refused commands with their answers, and the request for TLS with its answer.
struct Protocol {
    port: u16,
    greeting: &'static str,
    refused: &'static [(&'static str, &'static str)],
    request: (&'static str, &'static str),
}

const PROTOCOLS: [Protocol; 6] = [
    Protocol {
        port: 21,
        greeting: "220 hi\r\n",
        refused: &[
            ("AUTH GSSAPI\r\n", "504 no\r\n"),
            ("USER x\r\n", "530 TLS\r\n"),
            ("SITE x\r\n", "500\r\n"),
        ],
        request: ("AUTH TLS\r\n", "234 go\r\n"),
    },
    Protocol {
        port: 587,
        greeting: "220-hi\r\n220 there\r\n",
        refused: &[
            ("EHLO x\r\n", "250-x\r\n250 STARTTLS\r\n"),
            ("MAIL FROM:<a@b.example>\r\n", "530 5.7.0 Must issue a STARTTLS command first\r\n"),
            ("AUTH LOGIN\r\n", "538 encryption required\r\n"),
            ("XCLIENT NAME=x\r\n", "220 x\r\n"),
            ("AUTH PLAIN\r\n", "334 \r\n"),
            ("*\r\n", "501\r\n"),
        ],
        request: ("STARTTLS\r\n", "220 go\r\n"),
    },
    Protocol {
        port: 110,
        greeting: "+OK\r\n",
        refused: &[("USER a\r\n", "-ERR\r\n"), ("AUTH PLAIN\r\n", "-ERR\r\n"), ("UTF8\r\n", "+OK\r\n")],
        request: ("STLS\r\n", "+OK\r\n"),
    },
    Protocol {
        port: 143,
        greeting: "* OK ready\r\n",
        refused: &[
            ("a1 LOGIN u p\r\n", "a1 NO [PRIVACYREQUIRED]\r\n"),
            ("a2 LOGIN {1+}\r\nu {1+}\r\np\r\n", "a2 NO\r\n"),
            ("a3 ENABLE UTF8=ACCEPT\r\n", "a3 BAD\r\n"),
        ],
        request: ("b STARTTLS\r\n", "b OK\r\n"),
    },
    Protocol {
        port: 119,
        greeting: "200 hi\r\n",
        refused: &[("AUTHINFO USER x\r\n", "483 no\r\n"), ("GROUP a.b\r\n", "480 no\r\n")],
        request: ("STARTTLS\r\n", "382 go\r\n"),
    },
    Protocol {
        port: 4190,
        greeting: "\"IMPLEMENTATION\" \"x\"\r\n\"STARTTLS\"\r\nOK\r\n",
        refused: &[("AUTHENTICATE \"PLAIN\" \"AHgAeA==\"\r\n", "NO\r\n"), ("LISTSCRIPTS\r\n", "NO\r\n")],
        request: ("STARTTLS\r\n", "OK\r\n"),
    },
];

/// A connection after the greeting and the refused commands, each sent in segments of `size` bytes.
fn refused(protocol: &Protocol, size: usize) -> Talk {
    let mut talk = Talk::new(protocol.port, settings()).open();
    talk.down(protocol.greeting.as_bytes());
    for (command, answer) in protocol.refused {
        say(&mut talk, command, size);
        talk.down(answer.as_bytes());
    }
    talk
}

fn say(talk: &mut Talk, command: &str, size: usize) {
    command.as_bytes().chunks(size).for_each(|part| talk.up(part));
}

#[test]
fn a_hello_is_found_after_commands_that_were_refused() {
    for protocol in &PROTOCOLS {
        for size in [1, 7, 1000] {
            let mut talk = refused(protocol, size);
            say(&mut talk, protocol.request.0, size);
            talk.down(protocol.request.1.as_bytes());
            talk.up(&hello(Some(NAME)));
            let flow = talk.only_flow();
            assert_eq!(
                (flow.name.as_deref(), flow.evidence),
                (Some(NAME), Evidence::Sni),
                "{}",
                protocol.port
            );
        }
    }
}

#[test]
fn a_hello_without_a_request_for_tls_names_nothing() {
    for protocol in &PROTOCOLS {
        for size in [1, 1000] {
            for space in ["", "\r\n"] {
                let mut talk = refused(protocol, size);
                say(&mut talk, space, size);
                talk.up(&hello(Some(NAME)));
                let flow = talk.only_flow();
                assert_eq!((flow.name, flow.reason), (None, Some(Unnamed::NotTls)), "{}", protocol.port);
            }
        }
    }
}

#[test]
fn a_request_for_tls_in_a_message_or_behind_a_password_names_nothing() {
    let phases = [
        (587, "EHLO x\r\nMAIL FROM:<a>\r\nRCPT TO:<b>\r\n", "DATA\r\n"),
        (587, "EHLO x\r\n", "BDAT 400 LAST\r\n"),
        (110, "USER a\r\n", "PASS b\r\n"),
        (119, "MODE READER\r\n", "POST\r\n"),
        (119, "AUTHINFO USER a\r\n", "AUTHINFO PASS b\r\n"),
        (143, "a1 LOGIN u p\r\n", "a2 APPEND INBOX {400}\r\n"),
        (4190, "NOOP\r\n", "PUTSCRIPT \"a\" {400+}\r\n"),
        (21, "USER a\r\n", "PASS b\r\n"),
    ];
    for (port, before, phase) in phases {
        for body in ["", "Subject: a\r\n\r\n", "word\r\n"] {
            let greeting = PROTOCOLS.iter().find(|one| one.port == port).unwrap().greeting;
            let mut talk = Talk::new(port, settings()).open();
            talk.down(greeting.as_bytes());
            talk.up(before.as_bytes());
            talk.up([phase, body, "STARTTLS\r\n"].concat().as_bytes());
            talk.up(&hello(Some(NAME)));
            assert_eq!(talk.only_flow().name, None, "{port} {phase:?} {body:?}");
        }
    }
}

#[test]
fn commands_of_any_name_need_a_greeting_or_a_command_that_is_known() {
    for (greeting, first, is_found) in [
        ("220 hi\r\n", "", true),
        ("", "EHLO x\r\n", true),
        ("CONNECT", "", false),
        ("SSH-2.0-x\r\n", "", false),
        ("", "", false),
    ] {
        let mut talk = Talk::new(2525, settings()).open();
        talk.down(greeting.as_bytes());
        talk.up([first, "MAIL FROM:<a>\r\n", "STARTTLS\r\n"].concat().as_bytes());
        talk.up(&hello(Some(NAME)));
        assert_eq!(talk.only_flow().name.is_some(), is_found, "{greeting:?} {first:?}");
    }
}

#[test]
fn a_dialogue_is_bounded() {
    let mut talk = Talk::new(587, settings()).open();
    talk.down(b"220 hi\r\n");
    for _ in 0..40 {
        talk.up(b"VRFY x\r\n");
    }
    talk.up(b"STARTTLS\r\n");
    assert_eq!(talk.monitor.tally().live_heads, 0);
    talk.up(&hello(Some(NAME)));
    assert_eq!(talk.only_flow().name, None);
}

#[test]
fn the_lines_of_a_server_do_not_change_what_its_client_may_send() {
    let mut talk = Talk::new(143, settings()).open();
    talk.up(b"a1 CAPABILITY\r\n");
    talk.up(b"a2 STARTTLS\r\n");
    talk.down(b"a2 OK\r\nNOOP\r\n");
    talk.up(&hello(Some(NAME)));
    assert_eq!(talk.only_flow().name.as_deref(), Some(NAME));
}
