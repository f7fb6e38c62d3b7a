//! Names as text that is unambiguous and safe to print.

/// Appends bytes: printable ASCII unchanged, a backslash and all other bytes escaped as in RFC 4343, 2.1.
pub fn push_escaped(text: &mut String, bytes: &[u8]) {
    let is_plain = |byte: &u8| matches!(byte, b'!'..=b'~') && *byte != b'\\';
    match std::str::from_utf8(bytes) {
        Ok(plain) if bytes.iter().all(is_plain) => text.push_str(plain),
        _ => bytes.iter().for_each(|byte| push_byte(text, *byte)),
    }
}

fn push_byte(text: &mut String, byte: u8) {
    match byte {
        b'\\' => text.push_str("\\\\"),
        b'!'..=b'~' => text.push(char::from(byte)),
        _ => {
            text.push('\\');
            for digit in [byte / 100, byte / 10 % 10, byte % 10] {
                text.push(char::from(b'0' + digit));
            }
        }
    }
}

/// The bytes as text, escaped.
pub fn escaped(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    push_escaped(&mut text, bytes);
    text
}

/// Text for display: UTF-8; invalid sequences and control characters are replaced (U+FFFD).
pub fn readable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars().map(|one| if one.is_control() { char::REPLACEMENT_CHARACTER } else { one }).collect()
}
