//! Host names as text, and which names a host can have: every name that is read from a packet is checked here.
//!
//! A name cannot exist if a label is empty or longer than 63 octets, if it is longer than 253 octets, or if it
//! contains anything but letters, digits and hyphens (RFC 1123, 2.1). Underscores are in use, and some clients send names
//! in UTF-8 (U-labels): both are kept, the latter escaped, so that no signature for the A-label matches them. A wildcard
//! stands in certificates only.

use super::parse::Malformed;
use super::text::escaped;
use std::net::Ipv6Addr;

/// Maximum length of a label, and of a name without the final dot (RFC 1035, 2.3.4).
const MAX_LABEL: usize = 63;
const MAX_NAME: usize = 253;

/// True if a host can have this name, which is in lower case, without the final dot, and escaped.
pub fn can_exist(name: &str) -> bool {
    let octets: Option<usize> = name.split('.').map(|label| Some(label_octets(label.as_bytes())? + 1)).sum();
    octets.is_some_and(|octets| octets <= MAX_NAME + 1)
}

/// The length of a label on the wire; None if it cannot exist.
fn label_octets(mut label: &[u8]) -> Option<usize> {
    let mut octets = 0;
    while let Some((first, rest)) = label.split_first() {
        label = match first {
            b'\\' => match rest.split_at_checked(3)? {
                (code, after) if code >= &b"128"[..] && code.iter().all(u8::is_ascii_digit) => after,
                _ => return None,
            },
            b'-' | b'_' => rest,
            byte if byte.is_ascii_alphanumeric() => rest,
            _ => return None,
        };
        octets += 1;
    }
    (1..=MAX_LABEL).contains(&octets).then_some(octets)
}

/// A DNS name as text: lower case, without the final dot, escaped. Empty for no name, and for the root.
///
/// # Errors
///
/// A name that cannot exist.
pub fn dns_name(bytes: &[u8]) -> Result<String, Malformed> {
    let name = bytes.strip_suffix(b".").unwrap_or(bytes);
    if name.len() > MAX_NAME {
        return Err(Malformed("name"));
    }
    let name = escaped(&name.to_ascii_lowercase());
    if name.is_empty() || can_exist(&name) {
        Ok(name)
    } else {
        Err(Malformed("name"))
    }
}

/// The name in a hello, as `dns_name`. Some clients append a port, which no host name has: it stays, so that the name
/// matches no signature.
///
/// # Errors
///
/// A name that cannot exist.
pub fn server_name(bytes: &[u8]) -> Result<String, Malformed> {
    match bytes.iter().rposition(|&byte| byte == b':') {
        Some(at) if at + 1 < bytes.len() && is_port(&bytes[at + 1..]) => {
            let host = dns_name(&bytes[..at]).and_then(required)?;
            Ok(format!("{host}:{}", escaped(&bytes[at + 1..])))
        }
        _ => dns_name(bytes),
    }
}

/// A name in a certificate, as `dns_name`: that of a host, or "*." and a domain.
///
/// # Errors
///
/// Neither of them.
pub fn certified_name(bytes: &[u8]) -> Result<String, Malformed> {
    match bytes.strip_prefix(b"*.") {
        Some(domain) => Ok(format!("*.{}", dns_name(domain).and_then(required)?)),
        None => dns_name(bytes),
    }
}

fn required(name: String) -> Result<String, Malformed> {
    if name.is_empty() {
        Err(Malformed("name"))
    } else {
        Ok(name)
    }
}

/// The host name in a host with or without a port (RFC 9110, 7.2), as `dns_name`. None if the host is an address or missing.
///
/// # Errors
///
/// A name or a port that cannot exist, also with userinfo before it.
pub fn host_name(authority: &[u8]) -> Result<Option<String>, Malformed> {
    let authority = authority.trim_ascii();
    if let Some(bracketed) = authority.strip_prefix(b"[") {
        let end = bracketed.iter().position(|&byte| byte == b']').ok_or(Malformed("name"))?;
        let (address, port) = (&bracketed[..end], &bracketed[end + 1..]);
        let is_valid = is_ipv6(address) && (port.is_empty() || port[0] == b':' && is_port(&port[1..]));
        return if is_valid { Ok(None) } else { Err(Malformed("name")) };
    }
    if is_ipv6(authority) {
        return Ok(None); // without the brackets that it should have
    }
    let end = authority.iter().position(|&byte| byte == b':').unwrap_or(authority.len());
    if !is_port(authority.get(end + 1..).unwrap_or_default()) {
        return Err(Malformed("name"));
    }
    let name = dns_name(&authority[..end])?;
    Ok((!name.is_empty() && !is_number(&name)).then_some(name))
}

/// True for a port, or none.
fn is_port(digits: &[u8]) -> bool {
    let number = std::str::from_utf8(digits).ok().filter(|_| digits.iter().all(u8::is_ascii_digit));
    number.is_some_and(|number| number.is_empty() || number.parse::<u16>().is_ok())
}

/// True for an IPv6 address, also with a zone (RFC 6874).
pub fn is_ipv6(text: &[u8]) -> bool {
    let address = text.split(|&byte| byte == b'%').next().unwrap_or_default();
    std::str::from_utf8(address).is_ok_and(|address| address.parse::<Ipv6Addr>().is_ok())
}

/// True for an IPv4 address in any notation: what ends in a number names no host (URL Standard, 3.5).
pub fn is_number(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit())
}

/// True for a name of at least two labels that is valid for a host, or as a wildcard for the hosts of a domain.
pub fn is_host_name(name: &str) -> bool {
    let labels = name.strip_prefix("*.").unwrap_or(name);
    labels.contains('.') && !labels.contains('\\') && can_exist(labels) && !is_number(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CANNOT_EXIST: Malformed = Malformed("name");

    #[test]
    fn names_that_hosts_have_are_kept_as_they_are_looked_up() {
        let label = "a".repeat(63);
        let longest = [&label[..], &label, &label, &label[..61]].join(".");
        for (sent, name) in [
            ("WWW.Example.", "www.example"),
            ("localhost", "localhost"),
            ("_dmarc.a_b.example", "_dmarc.a_b.example"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("b\u{fc}cher.example", r"b\195\188cher.example"),
            ("192.0.2.1", "192.0.2.1"),
            ("", ""),
            (".", ""),
            (&longest, &longest),
        ] {
            assert_eq!(dns_name(sent.as_bytes()).as_deref(), Ok(name), "{sent}");
        }
    }

    #[test]
    fn names_that_no_host_can_have_are_malformed() {
        let label = "a".repeat(64);
        let long = ["a".repeat(63), "a".repeat(63), "a".repeat(63), "a".repeat(62)].join(".");
        for name in [
            "..cloud.example",
            ".cloud.example",
            "a..cloud.example",
            "cloud.example..",
            "..",
            "a b.example",
            "a\0.example",
            "a\n.example",
            "a\u{7f}.example",
            "a\\.example",
            "a/b.cloud.example",
            "user@cloud.example",
            "[a].cloud.example",
            "%41.cloud.example",
            "*.cloud.example",
            "a*.cloud.example",
            "a.cloud.example:443",
            "2001:db8::1",
            "a,b.cloud.example",
            "a;b.cloud.example",
            "a=b.cloud.example",
            "'a'.cloud.example",
            "\"a\".cloud.example",
            "$(a).cloud.example",
            "`a`.cloud.example",
            "{a}.cloud.example",
            "~a.cloud.example",
            "a!.cloud.example",
            "a&b+c.cloud.example",
            &format!("{label}.example"),
            &"a".repeat(300),
            &long,
        ] {
            assert_eq!(dns_name(name.as_bytes()), Err(CANNOT_EXIST), "{name}");
        }
    }

    #[test]
    fn only_a_certificate_has_a_wildcard_and_only_as_its_first_label() {
        for (sent, name) in [
            ("*.Cloud.example.", Ok("*.cloud.example")),
            ("cloud.example", Ok("cloud.example")),
            ("*.*.cloud.example", Err(CANNOT_EXIST)),
            ("a.*.cloud.example", Err(CANNOT_EXIST)),
            ("a*.cloud.example", Err(CANNOT_EXIST)),
            ("*", Err(CANNOT_EXIST)),
            ("*.", Err(CANNOT_EXIST)),
            ("*..", Err(CANNOT_EXIST)),
        ] {
            assert_eq!(certified_name(sent.as_bytes()).as_deref(), name.as_deref(), "{sent}");
        }
    }

    #[test]
    fn the_length_of_an_escaped_label_is_that_on_the_wire() {
        assert!(can_exist(&[r"\255".repeat(63), "example".into()].join(".")));
        assert!(!can_exist(&r"\255".repeat(64)));
        assert!(!can_exist(r"a\.b.example") && !can_exist(r"a\\b.example") && !can_exist(r"a\127.example"));
        assert!(!can_exist(".") && !can_exist(""));
    }

    #[test]
    fn an_authority_names_a_host_or_an_address_or_is_malformed() {
        for authority in
            [" A.example:443 ", "a.example:65535", "a.example:00080", "a.example:", "a.example.:1"]
        {
            assert_eq!(host_name(authority.as_bytes()).unwrap().as_deref(), Some("a.example"), "{authority}");
        }
        for address in [
            "192.0.2.1",
            "192.0.2.1:80",
            "010.000.00.003",
            "3221225985",
            "10.1",
            "[2001:db8::1]:80",
            "[2001:db8::1]",
            "[fe80::1%25eth0]:443",
            "fe80::1",
            "[::1]:1",
            "",
            ":80",
            ".",
        ] {
            assert_eq!(host_name(address.as_bytes()), Ok(None), "{address}");
        }
        for malformed in [
            "..a.example:443",
            "[a].a.example",
            "[::1].a.example",
            "[::1]a.example:443",
            "[::1",
            "[]",
            "%41.a.example:443",
            "*.a.example:443",
            "a.example:443:443",
            "a.example:443/",
            "a.example:http",
            "a.example:65536",
            "a.example:99999",
            "a.example:443443443443443443443",
            "a.example:+1",
            "192.0.2.1:99999",
            "[::1]:99999",
            "user@a.example",
            "user:word@a.example:443",
            "@a.example",
            "a@b@c.example",
            "user@[::1]:1",
        ] {
            assert_eq!(host_name(malformed.as_bytes()), Err(CANNOT_EXIST), "{malformed}");
        }
    }
}
