//! The Huffman code of HPACK (RFC 7541, 5.2 and B). It is canonical: the lengths of the codes determine them.

/// Length of the code of each byte, and of the end of a string.
const LENGTHS: [u8; SYMBOLS] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28,
    28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6,
    6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7,
    8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7,
    15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24,
    23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23,
    23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26,
    26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20,
    21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27,
    27, 27, 26, 30,
];
const SYMBOLS: usize = 257;
const END: u16 = 256;
const MAX_BITS: usize = 30;
/// A string is padded to whole bytes with less than this many bits, all of them set.
const MAX_PADDING: usize = 8;

/// The symbols in order of their codes, and for each length the first code and the place of its symbol.
struct Code {
    symbols: [u16; SYMBOLS],
    first: [u32; MAX_BITS + 2],
    place: [usize; MAX_BITS + 2],
}

static CODE: Code = code();

const fn code() -> Code {
    let mut code = Code { symbols: [0; SYMBOLS], first: [0; MAX_BITS + 2], place: [0; MAX_BITS + 2] };
    let (mut place, mut next, mut bits) = (0, 0_u32, 0);
    while bits <= MAX_BITS {
        code.first[bits] = next;
        code.place[bits] = place;
        let mut symbol = 0;
        while symbol < SYMBOLS {
            if LENGTHS[symbol] as usize == bits {
                code.symbols[place] = symbol as u16;
                place += 1;
                next += 1;
            }
            symbol += 1;
        }
        next <<= 1;
        bits += 1;
    }
    code.place[bits] = place;
    code
}

/// The bytes of a string; None if it is damaged.
pub(super) fn decode(string: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(string.len() * 8 / 5);
    let (mut value, mut bits) = (0_u32, 0);
    for byte in string {
        for shift in (0..8).rev() {
            value = value << 1 | u32::from(byte >> shift & 1);
            bits += 1;
            let Some(symbol) = symbol(value, bits) else { continue };
            if symbol == END {
                return None;
            }
            bytes.push(symbol as u8);
            (value, bits) = (0, 0);
        }
    }
    let is_padding = bits < MAX_PADDING && value == (1 << bits) - 1;
    is_padding.then_some(bytes)
}

/// The symbol with a code of so many bits, if there is one.
fn symbol(value: u32, bits: usize) -> Option<u16> {
    let count = CODE.place[bits + 1] - CODE.place[bits];
    let index = value.checked_sub(CODE.first[bits])? as usize;
    (index < count).then(|| CODE.symbols[CODE.place[bits] + index])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_specification_are_decoded() {
        // RFC 7541, C.4 and C.6.
        for (string, text) in [
            (&b"\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff"[..], "www.example.com"),
            (b"\xa8\xeb\x10\x64\x9c\xbf", "no-cache"),
            (b"\x25\xa8\x49\xe9\x5b\xb8\xe8\xb4\xbf", "custom-value"),
            (b"\xae\xc3\x77\x1a\x4b", "private"),
            (b"", ""),
        ] {
            assert_eq!(decode(string).as_deref(), Some(text.as_bytes()));
        }
    }

    #[test]
    fn padding_is_shorter_than_a_byte_and_set_and_no_string_contains_its_end() {
        assert_eq!(decode(b"\x1f"), Some(b"a".to_vec()));
        for damaged in [&b"\x18"[..], b"\x1f\xff", b"\xff\xff\xff\xff"] {
            assert_eq!(decode(damaged), None, "{damaged:?}");
        }
    }
}
