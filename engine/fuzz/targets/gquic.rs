//! Google's QUIC: packets in clear, and the CHLO message by itself, since no random packet has the right hash.
#![no_main]

use _engine::wire::gquic::{clear_packet, parse_client_hello};
use _engine::wire::Progress;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    if let Some(packet) = clear_packet(input) {
        let _ = packet.crypto_frames(|_, bytes| assert!(bytes.len() <= input.len()));
    }
    for at in 0..input.len().min(40) {
        let message = &input[at..];
        let whole = parse_client_hello(message);
        if let Ok(Progress::Parsed(hello)) = &whole {
            assert!(hello.server_name.iter().all(|name| name.is_ascii()));
            assert_eq!(parse_client_hello(&[message, b"more"].concat()), whole);
        }
    }
});
