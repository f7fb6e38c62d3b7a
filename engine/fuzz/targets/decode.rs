//! Packets of any link type (the first two bytes), whole and cut by a snap length.
#![no_main]

use _engine::wire::decode::decode;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((link, packet)) = input.split_first_chunk() else {
        return;
    };
    let link = u16::from_be_bytes(*link);
    let wire_len = packet.len() as u32;
    for kept in [packet.len(), packet.len() / 2] {
        if let Ok(segment) = decode(link, &packet[..kept], wire_len) {
            assert!(segment.payload.len() <= segment.payload_len as usize);
            assert!(segment.payload.len() <= kept);
        }
    }
});
