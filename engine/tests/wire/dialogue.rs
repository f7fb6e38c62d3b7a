//! The dialogue of line protocols: greetings, and commands of any name.

use _engine::wire::preamble::{is_greeting, parse_dialogue, Step, StepKind};
use _engine::wire::Progress;

#[test]
fn a_greeting_is_the_first_answer_of_a_line_protocol() {
    for greeting in [
        &b"220 mail ESMTP\r\n"[..],
        b"220-a\r\n",
        b"220\r\n",
        b"+OK\r\n",
        b"+OK POP3 <1@a>\r\n",
        b"* OK [CAPABILITY IMAP4rev1]\r\n",
        b"* PREAUTH\r\n",
        b"\"IMPLEMENTATION\" \"x\"\r\n",
        b"\"SASL\" \"\"\r\n",
    ] {
        assert!(is_greeting(greeting), "{greeting:?}");
    }
    for other in [
        &b""[..],
        b"220",
        b"2200 x",
        b"620 x\r\n",
        b"2x0 y\r\n",
        b"SSH-2.0-x\r\n",
        b"HTTP/1.1 200 OK\r\n",
        b"+OKAY\r\n",
        b"* no\r\n",
        b"\"\" x",
        b"\"lower\"",
        b"\"IMPLEMENTATION",
        b"-ERR\r\n",
        b"$3\r\nfoo\r\n",
    ] {
        assert!(!is_greeting(other), "{other:?}");
    }
}

#[test]
fn a_dialogue_is_of_commands_with_any_name() {
    for line in [
        &b"USER a\r\n"[..],
        b"MAIL FROM:<a@b.example> SIZE=1\n",
        b"AUTH PLAIN AGEAYg==\r\n",
        b"XCLIENT NAME=x\r\n",
        b"a.1 LOGIN {1}\r\nu {2+}\r\npw\r\n",
        b"AUTHENTICATE \"PLAIN\" {4+}\r\nAHgA\r\n",
        b"AUTHINFO USER x\r\n",
        b"*\r\n",
        b"UTF8\r\n",
    ] {
        let step = Step { length: line.len(), host: None, kind: StepKind::Dialogue };
        assert_eq!(
            parse_dialogue(&[line, b"\x16\x03\x01"].concat()),
            Progress::Parsed(Some(step)),
            "{line:?}"
        );
        for end in 0..line.len() {
            assert_eq!(parse_dialogue(&line[..end]), Progress::NeedMore, "{line:?} {end}");
        }
    }
}

#[test]
fn a_dialogue_ends_with_data_or_a_password_and_with_what_is_no_text() {
    for line in [
        &b"DATA\r\n"[..],
        b"bdat 10 LAST\r\n",
        b"PASS x\r\n",
        b"POST\r\n",
        b"AUTHINFO PASS x\r\n",
        b"a1 APPEND INBOX {310}\r\n",
        b"PUTSCRIPT \"a\" {31+}\r\n",
        b"<iq/>\r\n",
        b"dXNlcg==\r\n",
        b"a\0b\r\n",
        b"\x16\x03\x01\x02\0\n",
        b"USER {5000}\r\n",
    ] {
        assert_eq!(parse_dialogue(line), Progress::Parsed(None), "{line:?}");
    }
    let long = [&b"USER "[..], &[b'a'; 5_000]].concat();
    assert_eq!(parse_dialogue(&long), Progress::Parsed(None));
    assert_eq!(parse_dialogue(&[b'a'; 40]), Progress::Parsed(None));
}
