//! Packets of any link type (the first two bytes), complete and cut by a snap length.
#![no_main]

use _engine::wire::decode::{decode, plain_segment, Decoded};
use _engine::wire::fragment::MAX_PACKET;
use _engine::wire::TunnelPorts;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((link, packet)) = input.split_first_chunk() else {
        return;
    };
    let link = u16::from_be_bytes(*link);
    let wire_len = packet.len() as u32;
    let ports = TunnelPorts::new(&[4789, 8472], &[6081], &[7932]);
    for kept in [packet.len(), packet.len() / 2] {
        let decoded = decode(link, &packet[..kept], wire_len, &ports);
        if let Some(plain) = plain_segment(link, &packet[..kept], &ports) {
            let Ok(Decoded::Segment(segment)) = decoded else { panic!("{decoded:?} is {plain:?}") };
            assert_eq!(format!("{plain:?}"), format!("{segment:?}"));
        }
        match decoded {
            Ok(Decoded::Segment(segment)) => {
                assert!(segment.payload.len() <= segment.payload_len as usize);
                assert!(segment.payload.len() <= kept);
            }
            Ok(Decoded::Fragment(fragment)) => {
                assert!(fragment.bytes.len() <= fragment.len as usize);
                assert!(fragment.bytes.len() <= kept);
                assert!(fragment.offset + fragment.len <= MAX_PACKET);
            }
            Err(_) => {}
        }
    }
});
