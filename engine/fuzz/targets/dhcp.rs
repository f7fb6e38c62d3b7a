//! Messages of DHCP for both versions of IP: names are safe to print, and what is cut after a message that was read is
//! never malformed.
#![no_main]

use _engine::wire::dhcp::{parse_dhcp_v4, parse_dhcp_v6, Speaker};
use _engine::wire::Progress;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    for parse in [parse_dhcp_v4, parse_dhcp_v6] {
        let Ok(Progress::Parsed(lease)) = parse(input) else { continue };
        assert!(lease.name.as_ref().is_none_or(|name| !name.is_empty() && name.is_ascii()));
        assert!(lease.name.iter().flat_map(|name| name.bytes()).all(|byte| byte.is_ascii_graphic()));
        assert!(lease.addresses.is_empty() || lease.speaker == Speaker::Server);
        assert!(lease.addresses.len() <= 16);
    }
});
