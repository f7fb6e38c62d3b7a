//! Extensions of a ClientHello that may say who the client is: tickets, pre-shared keys, cookies, and unknown ones.

/// Bytes of a handshake message's type and length, of the version, and of the random bytes.
const FIXED: usize = 4 + 2 + 32;
const RECORD_HEADER: usize = 5;
/// Extensions that only say what a client can do, or which server it asks for.
const HARMLESS: [u16; 32] = [
    0, 1, 5, 10, 11, 13, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 27, 28, 34, 42, 43, 45, 47, 49, 50, 51, 57,
    0x3374, 0x4469, 0x44cd, 0xfe0d, 0xff01,
];
/// The older encrypted_server_name.
const ESNI: u16 = 0xffce;

/// Blanks the content of these extensions in the records of a stream that begins with a hello.
pub(super) fn blank_extensions(stream: &mut [u8]) {
    let places = handshake_places(stream);
    let bytes: Vec<u8> = places.iter().map(|&place| stream[place]).collect();
    for (from, to) in extensions(&bytes) {
        for &place in &places[from..to.min(places.len())] {
            stream[place] = 0;
        }
    }
}

/// Where the bytes of the handshake are in the records of a stream.
fn handshake_places(stream: &[u8]) -> Vec<usize> {
    let mut places = Vec::new();
    let mut at = 0;
    while let Some(&[22, 3, _, high, low]) = stream.get(at..).and_then(|rest| rest.first_chunk()) {
        let begin = at + RECORD_HEADER;
        at = begin + usize::from(u16::from_be_bytes([high, low]));
        places.extend(begin..at.min(stream.len()));
    }
    places
}

/// The contents of the extensions to be blanked, in a message that may be incomplete.
fn extensions(bytes: &[u8]) -> Vec<(usize, usize)> {
    let byte = |at: usize| bytes.get(at).map(|&byte| usize::from(byte));
    let pair = |at: usize| Some((byte(at)? << 8) | byte(at + 1)?);
    let first = || {
        let at = FIXED + 1 + byte(FIXED)?;
        let at = at + 2 + pair(at)?;
        Some(at + 1 + byte(at)? + 2)
    };
    let message = pair(2).map_or(0, |length| length + 4 + (byte(1).unwrap_or(0) << 16));
    let mut found = Vec::new();
    let Some(mut at) = first() else { return found };
    while let (Some(kind), Some(length)) = (pair(at), pair(at + 2)) {
        if at >= message {
            break;
        }
        let (begin, end) = (at + 4, at + 4 + length);
        let kind = kind as u16;
        if begin < bytes.len() && kind != ESNI && !HARMLESS.contains(&kind) {
            found.push((begin, end));
        }
        at = end;
    }
    found
}
