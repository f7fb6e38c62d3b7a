//! Reduces bytes to those on which a result depends.

/// Bytes that a search may read in all. What is undecided then is blanked.
const MAX_COST: usize = 32 << 20;

/// Blanks every byte of `bytes[from..to]` without which `is_same` still holds: halves of halves, down to single bytes. If
/// the range is text, white space and colons stay, so that it remains readable.
pub(super) fn minimise(bytes: &mut [u8], (from, to): (usize, usize), is_same: impl Fn(&[u8]) -> bool) {
    let is_text = bytes[from..to].iter().all(|&byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace());
    let mut left = MAX_COST;
    let mut waiting = vec![(from, to)];
    while let Some((from, to)) = waiting.pop() {
        let before = bytes[from..to].to_vec();
        for byte in &mut bytes[from..to] {
            *byte = filler(*byte, is_text);
        }
        if left == 0 || bytes[from..to] == before {
            continue;
        }
        left = left.saturating_sub(bytes.len());
        if is_same(bytes) {
            continue;
        }
        bytes[from..to].copy_from_slice(&before);
        if to - from == 1 {
            replace_digit(bytes, from, &is_same);
        } else {
            let middle = from.midpoint(to);
            waiting.extend([(middle, to), (from, middle)]);
        }
    }
}

/// A digit that must be one: of an address, for example.
fn replace_digit(bytes: &mut [u8], at: usize, is_same: impl Fn(&[u8]) -> bool) {
    let before = bytes[at];
    if before.is_ascii_hexdigit() {
        bytes[at] = b'1';
        if !is_same(bytes) {
            bytes[at] = before;
        }
    }
}

/// What takes the place of a byte.
fn filler(byte: u8, is_text: bool) -> u8 {
    match byte {
        _ if !is_text => 0,
        b' ' | b'\t' | b'\r' | b'\n' | b':' => byte,
        _ => b'x',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minimised(bytes: &[u8], is_same: impl Fn(&[u8]) -> bool) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        let range = (0, bytes.len());
        minimise(&mut bytes, range, is_same);
        bytes
    }

    #[test]
    fn only_what_the_result_depends_on_remains() {
        assert_eq!(minimised(b"secret: name", |bytes| bytes.ends_with(b"name")), b"xxxxxx: name");
        assert_eq!(minimised(b"\x01secret\x02", |bytes| bytes[0] == 1), b"\x01\0\0\0\0\0\0\0");
        assert_eq!(minimised(b"anything", |_| true), b"xxxxxxxx");
        assert_eq!(minimised(b"anything", |bytes| bytes == b"anything"), b"anything");
    }

    #[test]
    fn digits_that_must_be_digits_become_others() {
        let is_number = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_digit);
        assert_eq!(minimised(b"19203", is_number), b"11111");
    }

    #[test]
    fn what_costs_too_much_is_blanked() {
        let long = vec![b'a'; 32_768];
        assert!(minimised(&long, |bytes| bytes == long).contains(&b'x'));
    }
}
