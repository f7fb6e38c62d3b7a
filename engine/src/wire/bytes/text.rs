//! Bytes of names as text that is safe to print and unambiguous.

/// Appends one byte: printable ASCII as it is, a backslash and everything else escaped as in
/// RFC 4343, 2.1.
pub fn push_escaped(text: &mut String, byte: u8) {
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
pub fn escaped(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        push_escaped(&mut text, byte);
    }
    text
}

/// The host name in an authority (RFC 3986, 3.2) without userinfo and port: lower case, without the final dot,
/// escaped. None for an address, and where there is none.
pub fn host_name(authority: &[u8]) -> Option<String> {
    let authority = authority.trim_ascii();
    let behind_user = authority.iter().rposition(|&byte| byte == b'@').map_or(0, |at| at + 1);
    let authority = &authority[behind_user..];
    if authority.first() == Some(&b'[') {
        return None; // an IPv6 address
    }
    let end = authority.iter().position(|&byte| byte == b':').unwrap_or(authority.len());
    let name = dns_name(&authority[..end]);
    (!name.is_empty() && name.parse::<std::net::Ipv4Addr>().is_err()).then_some(name)
}

/// A DNS name as text: lower case, without the final dot, escaped.
pub fn dns_name(bytes: &[u8]) -> String {
    let name = bytes.strip_suffix(b".").unwrap_or(bytes);
    escaped(&name.to_ascii_lowercase())
}

/// True for a name of several labels that a host, or all hosts of a domain, may have.
pub fn is_host_name(name: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    let labels = name.strip_prefix("*.").unwrap_or(name);
    let is_address = name.parse::<std::net::Ipv4Addr>().is_ok();
    labels.contains('.') && labels.split('.').all(is_label) && !is_address
}

/// Text for people to read: UTF-8 without control characters; what is none is replaced (U+FFFD).
pub fn readable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars().map(|one| if one.is_control() { char::REPLACEMENT_CHARACTER } else { one }).collect()
}
