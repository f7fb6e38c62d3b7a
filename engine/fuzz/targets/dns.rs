//! DNS messages; a message that breaks off gives what the whole one gives, up to there.
#![no_main]

use _engine::wire::dns::{is_plain_query, parse_message, Message};
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
    let Some(whole) = parsed(input) else {
        return;
    };
    if is_plain_query(input) {
        assert!(!whole.response && whole.damage.is_none() && whole.questions.len() == 1);
    }
    let names = whole.questions.iter().map(|question| &question.name);
    for name in names.chain(whole.answers.iter().map(|answer| &answer.name)) {
        assert!(name.is_ascii() && name.len() <= LONGEST_NAME);
    }
    if let Some(part) = parsed(&input[..input.len() / 2]) {
        assert!(whole.questions.starts_with(&part.questions));
        assert!(whole.answers.starts_with(&part.answers));
    }
});
