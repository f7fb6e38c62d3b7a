//! Bytes of names as text that is safe to print and unambiguous.

/// Appends one byte: printable ASCII as it is, a backslash and everything else escaped as in
/// RFC 4343, 2.1.
pub(super) fn push_escaped(text: &mut String, byte: u8) {
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

/// All bytes, escaped.
pub(super) fn escaped(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        push_escaped(&mut text, byte);
    }
    text
}

/// The host name in an authority (RFC 3986, 3.2) without userinfo and port: lower case, without the final dot,
/// escaped. None for an address, and where there is none.
pub(super) fn host_name(authority: &[u8]) -> Option<String> {
    let authority = authority.trim_ascii();
    let behind_user = authority.iter().rposition(|&byte| byte == b'@').map_or(0, |at| at + 1);
    let authority = &authority[behind_user..];
    if authority.first() == Some(&b'[') {
        return None; // an IPv6 address
    }
    let end = authority.iter().position(|&byte| byte == b':').unwrap_or(authority.len());
    let host = authority[..end].strip_suffix(b".").unwrap_or(&authority[..end]);
    let name = escaped(&host.to_ascii_lowercase());
    (!name.is_empty() && name.parse::<std::net::Ipv4Addr>().is_err()).then_some(name)
}
