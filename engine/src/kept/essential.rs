//! Of what a flow says, the bytes that name and judge it: for evidence that must not show anything else.
//!
//! What a preamble or a DNS message must keep is found with its parser: every byte is blanked without which the parser's
//! result stays the same. So nothing has to be known here about the fields of a protocol that hold addresses, names
//! or passwords, and a protocol that a parser learns to read is covered as well. Lengths never change.

use super::hello_extensions::blank_extensions;
use super::minimise::minimise;
use crate::wire::preamble::{is_greeting, is_step, parse_dialogue, parse_step, Step, StepKind};
use crate::wire::tls_server::{is_server_hello, parse_server_certificate};
use crate::wire::{dns, dtls, gquic, quic, tls, Parse, Progress};

/// Length of the header of a TLS record.
const RECORD_HEADER: usize = 5;
/// Length of the header of a DTLS record.
const DTLS_HEADER: usize = 13;
/// Steps that are read of a stream.
const MAX_STEPS: usize = 64;

/// Contiguous bytes of a TCP stream, of which only the names and the shape of the preamble, the hello and the
/// certificate remain. `starts` are the offsets at which segments begin: where the beginning of the stream is not there, or
/// the other side answers before a hello, one of them begins what is read.
pub fn essential_stream(stream: &[u8], starts: &[usize]) -> Vec<u8> {
    let next_beginning = |from: usize| {
        let later = starts.iter().filter(|&&start| start >= from && start < stream.len());
        later.copied().find(|&start| is_beginning(&stream[start..])).unwrap_or(stream.len())
    };
    let mut kept = stream.to_vec();
    let mut at = 0;
    while at < kept.len() {
        let end = keep_opening(&mut kept, at, next_beginning);
        at = next_beginning(end);
        blank_records(&mut kept[end..at]);
    }
    kept
}

fn is_beginning(bytes: &[u8]) -> bool {
    tls::may_be_hello(bytes) || is_server_hello(bytes) || is_step(bytes)
}

/// Blanks what is not needed of the opening at an offset: the steps of a preamble, and the hello or certificate behind
/// them. Where they end; there is always progress.
fn keep_opening(kept: &mut [u8], mut at: usize, next_beginning: impl Fn(usize) -> usize) -> usize {
    for _ in 0..MAX_STEPS {
        let rest = &kept[at..];
        if tls::may_be_hello(rest) {
            let end = at + enough(rest, tls::parse_hello_stream);
            blank_extensions(&mut kept[at..end]);
            return end;
        }
        if is_server_hello(rest) {
            return at + enough(rest, parse_server_certificate);
        }
        let parse = if asks_for_tls(rest) { parse_command } else { parse_step };
        let (length, is_last) = match parse(rest) {
            Ok(Progress::Parsed(Some(step))) if may_be_followed(step.kind) => (step.length, false),
            Ok(Progress::Parsed(Some(_))) => (enough(rest, parse).max(head_length(rest)), true),
            _ => (next_beginning(at + 1) - at, true),
        };
        let end = at + length.clamp(1, rest.len());
        keep_step(&mut kept[at..], end - at, parse);
        at = end;
        if is_last || at == kept.len() {
            break;
        }
    }
    at
}

/// The length of the header section of a request in text, which keeps its lines; 0 without its end.
fn head_length(stream: &[u8]) -> usize {
    stream.windows(4).position(|four| four == b"\r\n\r\n").map_or(0, |at| at + 4)
}

fn may_be_followed(kind: StepKind) -> bool {
    matches!(kind, StepKind::Prelude | StepKind::Dialogue | StepKind::Space | StepKind::Tunnel)
}

/// A step, or a command of any name in a dialogue.
fn parse_command(stream: &[u8]) -> Parse<Option<Step>> {
    match parse_step(stream) {
        Ok(Progress::Parsed(None)) => Ok(parse_dialogue(stream)),
        parsed => parsed,
    }
}

/// True if `stream` begins with commands of a line protocol that lead to a request for TLS.
fn asks_for_tls(mut stream: &[u8]) -> bool {
    for _ in 0..MAX_STEPS {
        match parse_command(stream) {
            Ok(Progress::Parsed(Some(step))) if step.kind == StepKind::Dialogue => {
                stream = stream.get(step.length..).unwrap_or_default();
            }
            Ok(Progress::Parsed(Some(step))) => return step.kind == StepKind::Prelude,
            _ => return false,
        }
    }
    false
}

/// The length of the shortest beginning of `stream` that says as much as all of it. More bytes never take a
/// result back.
fn enough<T>(stream: &[u8], parse: impl Fn(&[u8]) -> Parse<T>) -> usize {
    let (mut short, mut enough) = (0, stream.len());
    while short < enough {
        let middle = short.midpoint(enough);
        if matches!(parse(&stream[..middle]), Ok(Progress::NeedMore)) {
            short = middle + 1;
        } else {
            enough = middle;
        }
    }
    enough
}

/// Blanks those of the first `length` bytes that a step, or what is none, does not need.
fn keep_step(rest: &mut [u8], length: usize, parse: impl Fn(&[u8]) -> Parse<Option<Step>>) {
    if tls::is_record_in_mid_stream(rest) {
        blank_records(&mut rest[..length]);
        return;
    }
    let read = |bytes: &[u8]| {
        (parse(bytes), is_beginning(bytes), is_greeting(bytes), tls::is_record_in_mid_stream(bytes))
    };
    let before = read(rest);
    minimise(rest, (0, length), |bytes| read(bytes) == before);
}

/// Blanks records of TLS except for their headers, and all bytes that are none.
fn blank_records(mut rest: &mut [u8]) {
    while let [20..=23, 3, 0..=4, high, low, ..] = *rest {
        let length = RECORD_HEADER + usize::from(u16::from_be_bytes([high, low]));
        let (record, others) = rest.split_at_mut(length.min(rest.len()));
        record[RECORD_HEADER..].fill(0);
        rest = others;
    }
    rest.fill(0);
}

/// A datagram of which only a hello in QUIC, Google QUIC or DTLS remains, or the first byte of anything else: it tells
/// QUIC's packets apart. Of a packet with a short header, the connection ID of this length remains.
pub fn essential_datagram(datagram: &[u8], id_length: usize) -> Vec<u8> {
    let kept = if is_hello(datagram) {
        datagram.len()
    } else if dtls::is_record_in_mid_stream(datagram) {
        DTLS_HEADER
    } else if quic::may_be_short_header(datagram) {
        1 + id_length
    } else {
        1
    };
    let mut shown = datagram.to_vec();
    shown.iter_mut().skip(kept).for_each(|byte| *byte = 0);
    shown
}

fn is_hello(datagram: &[u8]) -> bool {
    let is_quic = quic::first_header(datagram).is_some()
        || quic::is_version_negotiation(datagram)
        || quic::version_number(datagram).is_some();
    is_quic || dtls::may_be_hello(datagram) || gquic::clear_packet(datagram).is_some()
}

/// The length of the connection ID in short headers of the packets that answer this one; None without a long header.
pub fn id_length(datagram: &[u8]) -> Option<usize> {
    quic::first_header(datagram).map(|header| header.source.as_slice().len())
}

/// A DNS message of which header, questions, answers and the shape of the other records remain, without the
/// options of EDNS.
pub fn essential_message(message: &[u8]) -> Vec<u8> {
    const HEADER: usize = 12;
    let read = |bytes: &[u8]| {
        (dns::parse_message(bytes), dns::is_plain_query(bytes), dns::possible_message(bytes).is_some())
    };
    let mut kept = message.to_vec();
    if kept.len() > HEADER {
        let before = read(message);
        let range = (HEADER, kept.len());
        minimise(&mut kept, range, |bytes| read(bytes) == before);
    }
    kept
}
