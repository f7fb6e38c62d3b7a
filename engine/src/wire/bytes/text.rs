//! Names as text that is unambiguous and safe to print.

/// Appends one byte: printable ASCII unchanged, a backslash and all other bytes escaped as in RFC 4343, 2.1.
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

/// The bytes as text, escaped.
pub fn escaped(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        push_escaped(&mut text, byte);
    }
    text
}

/// The host name in an authority (RFC 3986, 3.2), without userinfo and port: lower case, without the final
/// dot, escaped. None if the host is an address or missing.
pub fn host_name(authority: &[u8]) -> Option<String> {
    let authority = authority.trim_ascii();
    let host_at = authority.iter().rposition(|&byte| byte == b'@').map_or(0, |at| at + 1);
    let authority = &authority[host_at..];
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

/// True for a name of at least two labels that is valid for a host, or as a wildcard for the hosts of a
/// domain.
pub fn is_host_name(name: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    let labels = name.strip_prefix("*.").unwrap_or(name);
    let is_address = name.parse::<std::net::Ipv4Addr>().is_ok();
    labels.contains('.') && labels.split('.').all(is_label) && !is_address
}

/// Text for display: UTF-8; invalid sequences and control characters are replaced (U+FFFD).
pub fn readable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars().map(|one| if one.is_control() { char::REPLACEMENT_CHARACTER } else { one }).collect()
}
