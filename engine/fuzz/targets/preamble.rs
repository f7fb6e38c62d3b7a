//! Preambles of streams, step by step; bytes after a step change nothing.
#![no_main]

use _engine::wire::host::can_exist;
use _engine::wire::preamble::{is_greeting, parse_dialogue, parse_step};
use _engine::wire::Progress;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let _ = is_greeting(input);
    let mut commands = input;
    while let Progress::Parsed(Some(step)) = parse_dialogue(commands) {
        assert!(step.length > 0 && step.length <= commands.len());
        let mut longer = commands.to_vec();
        longer.push(0);
        assert_eq!(parse_dialogue(&longer), Progress::Parsed(Some(step.clone())));
        commands = &commands[step.length..];
    }
    let mut rest = input;
    while let Ok(Progress::Parsed(Some(step))) = parse_step(rest) {
        assert!(step.length > 0 && step.length <= rest.len());
        assert!(step.host.iter().all(|name| can_exist(name)));
        let mut longer = rest.to_vec();
        longer.push(0);
        assert_eq!(parse_step(&longer), Ok(Progress::Parsed(Some(step.clone()))));
        rest = &rest[step.length..];
    }
});
