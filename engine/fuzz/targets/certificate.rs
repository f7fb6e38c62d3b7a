//! The first bytes from a TLS server, and certificates; bytes after a certificate change nothing.
#![no_main]

use _engine::wire::certificate::parse_certificate;
use _engine::wire::host::can_exist;
use _engine::wire::tls_server::parse_server_certificate;
use _engine::wire::Progress;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let _ = parse_certificate(input);
    let complete = parse_server_certificate(input);
    if let Ok(Progress::Parsed(certificate)) = &complete {
        let names = certificate.iter().flat_map(|one| &one.names);
        assert!(names.into_iter().all(|name| can_exist(name.strip_prefix("*.").unwrap_or(name))));
        let mut longer = input.to_vec();
        longer.push(0);
        assert_eq!(parse_server_certificate(&longer), complete);
    }
});
