//! Google QUIC: unencrypted packets, and the CHLO message by itself, because no random packet has a valid
//! hash.
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
        let complete = parse_client_hello(message);
        if let Ok(Progress::Parsed(hello)) = &complete {
            assert!(hello.server_name.iter().all(|name| name.is_ascii()));
            assert_eq!(parse_client_hello(&[message, b"more"].concat()), complete);
        }
    }
});
