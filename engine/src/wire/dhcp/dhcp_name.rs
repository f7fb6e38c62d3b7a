//! Names of machines in DHCP: plain text, or the labels of DNS without compression (RFC 4704, 4.2).

use crate::wire::bytes::cursor::{Cursor, Short};
use crate::wire::bytes::text::escaped;

/// Longer ones are not kept, escapes included: no host has such a name (RFC 1035, 2.3.4).
const MAX_NAME: usize = 253;

/// A name in plain text, lower case and escaped; None if there is none. Some clients end it with zeros.
pub(super) fn plain_name(bytes: &[u8]) -> Option<String> {
    let end = bytes.iter().rposition(|byte| !matches!(byte, 0 | b'.')).map_or(0, |last| last + 1);
    kept(escaped(&bytes.get(..end)?.to_ascii_lowercase()))
}

/// A name in labels, lower case and escaped; None if there is none. One that is partial has no final zero.
pub(super) fn labelled_name(bytes: &[u8]) -> Result<Option<String>, Short> {
    let mut cursor = Cursor::new(bytes);
    let mut labels = Vec::new();
    while !cursor.is_empty() {
        let label = cursor.vector8()?.rest();
        if label.is_empty() {
            break;
        }
        labels.push(escaped(&label.to_ascii_lowercase()).replace('.', "\\."));
    }
    Ok(kept(labels.join(".")))
}

fn kept(name: String) -> Option<String> {
    (1..=MAX_NAME).contains(&name.len()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_are_lower_case_and_safe_to_print() {
        for (sent, name) in [
            (&b"DESKTOP-7"[..], Some("desktop-7")),
            (b"pc.corp.example.\0\0", Some("pc.corp.example")),
            (b"Anna's PC", Some(r"anna's\032pc")),
            (b"a\x1b[31m\n", Some(r"a\027[31m\010")),
            (b"", None),
            (b"\0.", None),
            (&[0xff; 64], None),
        ] {
            assert_eq!(plain_name(sent).as_deref(), name);
        }
    }

    #[test]
    fn labels_are_joined_and_their_dots_escaped() {
        assert_eq!(labelled_name(b"\x02PC\x04corp\0rest"), Ok(Some("pc.corp".into())));
        assert_eq!(labelled_name(b"\x02pc"), Ok(Some("pc".into())));
        assert_eq!(labelled_name(b"\x03a.b"), Ok(Some(r"a\.b".into())));
        assert_eq!((labelled_name(b"\0"), labelled_name(b"")), (Ok(None), Ok(None)));
        assert_eq!(labelled_name(b"\x05pc"), Err(Short));
    }
}
