//! Streams that may begin with a ClientHello; bytes after a hello change nothing.
#![no_main]

use _engine::wire::host::can_exist;
use _engine::wire::ja4::fingerprint;
use _engine::wire::tls::{may_be_hello, parse_hello_body, parse_hello_stream, partial_server_name};
use _engine::wire::Progress;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let _ = parse_hello_body(input);
    let complete = parse_hello_stream(input);
    let early_name = partial_server_name(&input[..input.len() / 2]);
    if let Ok(Progress::Parsed(hello)) = &complete {
        assert!(may_be_hello(input));
        let name = hello.server_name.as_deref().unwrap_or_default();
        let host = name.rsplit_once(':').map_or(name, |(host, _port)| host);
        assert!(name.is_empty() || can_exist(host));
        assert!(fingerprint(hello, true).is_none_or(|text| text.len() == 36));
        let mut longer = input.to_vec();
        longer.push(0);
        assert_eq!(parse_hello_stream(&longer), complete);
        assert!(early_name.is_none() || early_name == hello.server_name);
    }
});
