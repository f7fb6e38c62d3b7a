//! Values of fields as text.

use crate::wire::dns::{Data, Service};

/// "1.3" for 0x0304; unknown versions as a number.
pub fn tls_version_text(version: u16) -> String {
    match version {
        0x0300 => "ssl3".into(),
        0x0301..=0x0304 => format!("1.{}", version - 0x0301),
        0xfeff => "dtls1.0".into(),
        0xfefc | 0xfefd => format!("dtls1.{}", 0xfeff - version),
        other => format!("0x{other:04x}"),
    }
}

/// The data of a record; empty for types that are not read.
pub fn data_text(data: Data) -> String {
    match data {
        Data::Address(address) => address.to_string(),
        Data::Alias(target) => target,
        Data::Service(service) => service_text(&service),
        Data::Other => String::new(),
    }
}

/// An SVCB record in a form close to RFC 9460, 2.1.
fn service_text(service: &Service) -> String {
    let mut text = format!("{} {}", service.priority, service.target);
    if !service.alpn.is_empty() {
        text += &format!(" alpn={}", service.alpn.join(","));
    }
    for hint in &service.hints {
        text += &format!(" hint={hint}");
    }
    if service.ech.is_some() {
        text += " ech";
    }
    text
}
