//! The unencrypted parts of TLS and DTLS: ClientHello, JA4 fingerprint, server certificate, and ECH
//! configurations.

pub mod certificate;
mod client_hello;
pub mod dtls;
pub mod ech;
pub mod ja4;
mod offer;
mod tls_extension;
mod tls_record;
pub mod tls_server;

pub use self::client_hello::{
    may_be_hello, parse_hello_body, parse_hello_message, parse_hello_stream, partial_message_name,
    partial_server_name, ClientHello, MAX_HELLO_BYTES, MAX_PROTOCOLS, MAX_PROTOCOL_BYTES,
};
pub use self::offer::Offer;
pub use self::tls_record::is_record_in_mid_stream;
