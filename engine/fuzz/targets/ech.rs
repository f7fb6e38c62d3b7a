//! ECHConfigLists, complete and cut: an incomplete list is never accepted.
#![no_main]

use _engine::wire::ech::parse_public_names;
use _engine::wire::Progress;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    if let Ok(Progress::Parsed(names)) = parse_public_names(input) {
        assert!(names
            .iter()
            .all(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic())));
        assert_eq!(parse_public_names(&input[..input.len() - 1]), Ok(Progress::NeedMore));
        assert!(parse_public_names(&[input, b"more"].concat()).is_err());
    }
});
