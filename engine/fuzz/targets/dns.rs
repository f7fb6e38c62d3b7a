//! DNS messages; a truncated message contains the same entries as the complete one, up to its end.
#![no_main]

use _engine::wire::dns::{is_plain_query, parse_message, possible_message, Message};
use _engine::wire::Progress;
use libfuzzer_sys::fuzz_target;

/// 255 octets, all escaped.
const LONGEST_NAME: usize = 255 * 4;

fn parsed(bytes: &[u8]) -> Option<Message> {
    match parse_message(bytes) {
        Ok(Progress::Parsed(message)) => Some(message),
        _ => None,
    }
}

fuzz_target!(|input: &[u8]| {
    let Some(complete) = parsed(input) else {
        return;
    };
    if is_plain_query(input) {
        assert!(!complete.response && complete.damage.is_none() && complete.questions.len() == 1);
    }
    if let Some(message) = possible_message(input) {
        assert_eq!(message, complete);
        assert!(complete.damage.is_none() && complete.questions.len() == 1);
    }
    let names = complete.questions.iter().map(|question| &question.name);
    for name in names.chain(complete.answers.iter().map(|answer| &answer.name)) {
        assert!(name.is_ascii() && name.len() <= LONGEST_NAME);
    }
    if let Some(part) = parsed(&input[..input.len() / 2]) {
        assert!(complete.questions.starts_with(&part.questions));
        assert!(complete.answers.starts_with(&part.answers));
    }
});
