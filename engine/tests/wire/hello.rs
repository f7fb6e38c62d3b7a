//! Crafted ClientHellos.

pub fn vector16(inside: &[u8]) -> Vec<u8> {
    [&(inside.len() as u16).to_be_bytes()[..], inside].concat()
}

pub fn extension(number: u16, data: &[u8]) -> Vec<u8> {
    [&number.to_be_bytes()[..], &vector16(data)].concat()
}

/// A server_name extension with these entries.
pub fn server_name(entries: &[(u8, &[u8])]) -> Vec<u8> {
    let list = entries.iter().flat_map(|(kind, name)| [vec![*kind], vector16(name)].concat());
    extension(0, &vector16(&list.collect::<Vec<_>>()))
}

/// The body of a hello with these extensions.
pub fn body(version: u16, extensions: &[Vec<u8>]) -> Vec<u8> {
    body_offering(version, &[0x13, 0x01], extensions)
}

/// The same with these cipher suites, as on the wire.
pub fn body_offering(version: u16, cipher_suites: &[u8], extensions: &[Vec<u8>]) -> Vec<u8> {
    let cookie: &[u8] = if version >> 8 == 0xfe { &[2, 7, 7] } else { &[] };
    let fixed = [&version.to_be_bytes()[..], &[9; 32], &[0], cookie, &vector16(cipher_suites), &[1, 0]];
    [fixed.concat(), vector16(&extensions.concat())].concat()
}
