//! Domain names in messages: labels and compression (RFC 1035, 3.1 and 4.1.4).

use crate::wire::bytes::cursor::Cursor;
use crate::wire::bytes::parse::Malformed;
use crate::wire::bytes::text::push_escaped;

/// Maximum length of a name on the wire, including the length octets and the final zero (RFC 1035, 2.3.4).
const MAX_NAME: usize = 255;

/// Most names are no longer.
const USUAL_NAME: usize = 32;

/// A name has at most 127 labels and so needs no more pointers than that.
const MAX_POINTERS: u32 = 127;

/// Reads the name at `cursor`, a reader inside `message`, and leaves the cursor after it. The name is lower
/// case, without the final dot, escaped; the root is ".".
///
/// A pointer must point before all bytes from which the name has been read so far, so a name cannot loop.
/// Octets and pointers are bounded, so a message full of pointers is cheap to parse.
pub(super) fn read_name<'a>(message: &'a [u8], cursor: &mut Cursor<'a>) -> Result<String, Malformed> {
    let mut text = String::with_capacity(USUAL_NAME);
    let mut octets = 1;
    let mut pointers = 0;
    let mut start = message.len().saturating_sub(cursor.rest().len());
    // Set at the first pointer, from which the name continues elsewhere.
    let mut pointed: Option<Cursor> = None;
    loop {
        let reader = pointed.as_mut().unwrap_or(cursor);
        let length = reader.u8()?;
        match length {
            0 if text.is_empty() => return Ok(".".into()),
            0 => return Ok(text),
            1..=0x3f => {
                let label = reader.take(usize::from(length))?;
                octets += 1 + label.len();
                if octets > MAX_NAME {
                    return Err(Malformed("name_length"));
                }
                if !text.is_empty() {
                    text.push('.');
                }
                push_label(&mut text, label);
            }
            0xc0.. => {
                let low = reader.u8()?;
                let target = usize::from(u16::from_be_bytes([length & 0x3f, low]));
                pointers += 1;
                if target >= start || pointers > MAX_POINTERS {
                    return Err(Malformed("pointer"));
                }
                start = target;
                pointed = message.get(target..).map(Cursor::new);
            }
            // Extended labels and the unused pattern (RFC 6891, 5).
            _ => return Err(Malformed("label_type")),
        }
    }
}

fn push_label(text: &mut String, label: &[u8]) {
    let start = text.len();
    for (at, part) in label.split(|byte| *byte == b'.').enumerate() {
        if at > 0 {
            text.push_str("\\."); // part of the label
        }
        push_escaped(text, part);
    }
    text[start..].make_ascii_lowercase();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The name at `at`, and the offset of its end.
    fn read(message: &[u8], at: usize) -> Result<(String, usize), Malformed> {
        let mut cursor = Cursor::new(&message[at..]);
        let name = read_name(message, &mut cursor)?;
        Ok((name, message.len() - cursor.rest().len()))
    }

    #[test]
    fn names_are_lower_case_and_escaped() {
        let message = b"\x03WwW\x07Ex.mple\x03a\\ \x01\xff\0";
        assert_eq!(read(message, 0), Ok((r"www.ex\.mple.a\\\032.\255".into(), message.len())));
    }

    #[test]
    fn a_pointer_refers_back_and_the_name_ends_after_it() {
        let message = b"\x03com\0\x01a\xc0\x00rest";
        assert_eq!(read(message, 5), Ok(("a.com".into(), 9)));
    }

    #[test]
    fn pointers_forward_to_themselves_or_in_a_loop_are_rejected() {
        assert_eq!(read(b"\xc0\x00", 0), Err(Malformed("pointer")));
        assert_eq!(read(b"\xc0\x02\x01a\0", 0), Err(Malformed("pointer")));
        assert_eq!(read(b"\x01a\xc0\x00", 0), Err(Malformed("pointer")));
        assert_eq!(read(b"\x01a\xc0\x04\xc0\x00", 4), Err(Malformed("pointer")));
    }

    #[test]
    fn more_pointers_than_a_name_has_labels_are_rejected() {
        let chain = |pointers: u16| {
            let links = (0..pointers).flat_map(|link| (0xc000 | (link.max(1) * 2 - 2)).to_be_bytes());
            let message: Vec<u8> = [0, 0].into_iter().chain(links.skip(2)).collect();
            read(&message, message.len() - 2).map(|(name, _)| name)
        };
        assert_eq!(chain(128), Ok(".".into()));
        assert_eq!(chain(129), Err(Malformed("pointer")));
    }

    #[test]
    fn a_name_of_255_octets_is_accepted_and_a_longer_one_rejected() {
        let message = |last: u8| {
            let labels = [63, 63, 63, last].map(|length| [vec![length], vec![b'a'; length.into()]].concat());
            [labels.concat(), vec![0]].concat()
        };
        assert!(read(&message(61), 0).is_ok());
        assert_eq!(read(&message(62), 0), Err(Malformed("name_length")));
    }

    #[test]
    fn an_incomplete_name_is_rejected() {
        assert_eq!(read(b"\x03ab", 0), Err(Malformed("short")));
        assert_eq!(read(b"\x01a", 0), Err(Malformed("short")));
        assert_eq!(read(b"", 0), Err(Malformed("short")));
    }

    #[test]
    fn other_label_types_are_rejected() {
        assert_eq!(read(b"\x80a\0", 0), Err(Malformed("label_type")));
        assert_eq!(read(b"\x41a\0", 0), Err(Malformed("label_type")));
    }
}
