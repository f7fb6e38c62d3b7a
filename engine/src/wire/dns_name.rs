//! Domain names on the wire (RFC 1035, 4.1.4), and their text.

use super::Malformed;
use std::fmt::Write;

/// Octets of a name on the wire, at most.
const MAX_NAME: usize = 255;

/// Reads the name at `at` of a message; its text, and where it ends.
///
/// The text is lower case without the final dot; octets that are no printable ASCII, dots inside a
/// label and backslashes are escaped as in master files (`\.`, `\\`, `\ddd`). The root is ".".
/// A compression pointer must point before everything read so far, so loops are impossible.
pub fn read_name(message: &[u8], at: usize) -> Result<(String, usize), Malformed> {
    let mut text = String::new();
    let mut position = at;
    let mut lowest = at;
    let mut end = None;
    let mut octets = 1;
    loop {
        let length = *message.get(position).ok_or(Malformed("name"))?;
        match length {
            0 => {
                if text.is_empty() {
                    text.push('.');
                }
                return Ok((text, end.unwrap_or(position + 1)));
            }
            1..=63 => {
                let label = message.get(position + 1..position + 1 + usize::from(length));
                let label = label.ok_or(Malformed("name"))?;
                octets += 1 + label.len();
                if octets > MAX_NAME {
                    return Err(Malformed("name_length"));
                }
                if !text.is_empty() {
                    text.push('.');
                }
                push_label(&mut text, label);
                position += 1 + label.len();
            }
            192..=255 => {
                let low = *message.get(position + 1).ok_or(Malformed("name"))?;
                let target = usize::from(length & 0x3f) << 8 | usize::from(low);
                end = end.or(Some(position + 2));
                if target >= lowest {
                    return Err(Malformed("pointer"));
                }
                lowest = target;
                position = target;
            }
            _ => return Err(Malformed("label_type")), // RFC 6891, 5: no others are in use
        }
    }
}

/// Appends a label's text.
pub fn push_label(text: &mut String, label: &[u8]) {
    for &byte in label {
        match byte {
            b'.' | b'\\' => {
                text.push('\\');
                text.push(char::from(byte));
            }
            0x21..=0x7e => text.push(char::from(byte.to_ascii_lowercase())),
            // Writing to a String cannot fail.
            other => drop(write!(text, "\\{other:03}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_lower_case_and_escaped() {
        let message = b"\x03WwW\x07Ex.mple\x02a\\\x01\xff\0";
        assert_eq!(read_name(message, 0), Ok(("www.ex\\.mple.a\\\\.\\255".into(), message.len())));
    }

    #[test]
    fn a_pointer_goes_back_and_the_name_ends_behind_it() {
        let message = b"\x03com\0\x01a\xc0\x00rest";
        assert_eq!(read_name(message, 5), Ok(("a.com".into(), 9)));
    }

    #[test]
    fn pointers_forward_to_themselves_or_in_circles_are_refused() {
        assert_eq!(read_name(b"\xc0\x00", 0), Err(Malformed("pointer")));
        assert_eq!(read_name(b"\xc0\x02\x01a\0", 0), Err(Malformed("pointer")));
        assert_eq!(read_name(b"\x01a\xc0\x04\xc0\x00", 4), Err(Malformed("pointer")));
    }

    #[test]
    fn a_name_that_does_not_end_or_is_too_long_is_refused() {
        assert_eq!(read_name(b"\x03ab", 0), Err(Malformed("name")));
        assert_eq!(read_name(b"", 0), Err(Malformed("name")));
        let long = b"\x3f".iter().chain(&[b'a'; 63]).copied().cycle().take(64 * 5).collect::<Vec<_>>();
        assert_eq!(read_name(&long, 0), Err(Malformed("name_length")));
        assert_eq!(read_name(b"\x80a\0", 0), Err(Malformed("label_type")));
    }

    #[test]
    fn the_root_is_a_dot() {
        assert_eq!(read_name(b"\0", 0), Ok((".".into(), 1)));
    }
}
