//! QUIC datagrams: Initials, their protection and their frames; decryption is deterministic.
#![no_main]

use _engine::wire::quic::{crypto_frames, first_header, initials};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    // As a decrypted payload, because no random packet has a valid authentication tag …
    if let [a, b, c, d, payload @ ..] = input {
        let number = u32::from_be_bytes([*a, *b, *c, *d]);
        if let Some(version) = _engine::wire::quic::Version::of(number) {
            let _ = crypto_frames(payload, version, |_, bytes| assert!(bytes.len() <= payload.len()));
        }
    }
    // … and as a datagram.
    let header = first_header(input);
    let Ok(found) = initials(input) else { return };
    assert!(found.is_empty() || header.is_some());
    for initial in found {
        let opened = initial.open(&initial.destination);
        assert_eq!(opened, initial.open(&initial.destination));
    }
});
