//! DTLS datagrams, complete and cut: the fragments of a hello lie inside it.
#![no_main]

use _engine::wire::dtls::{hello_pieces, may_be_hello};
use _engine::wire::tls::parse_hello_message;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let _ = may_be_hello(input);
    for (datagram, is_cut) in [(input, false), (&input[..input.len() / 2], true)] {
        for piece in hello_pieces(datagram, is_cut).unwrap_or_default() {
            assert!(u64::from(piece.offset) + piece.bytes.len() as u64 <= u64::from(piece.length));
            let _ = parse_hello_message(&[&piece.tls_header(), piece.bytes].concat());
        }
    }
});
