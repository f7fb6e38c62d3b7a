//! TLS ClientHello (RFC 8446, 4.1.2; RFC 6066, 3; RFC 7301) out of a stream's first bytes.

use super::{Malformed, Parse};

/// What a ClientHello says.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct ClientHello {
    /// server_name, lower case; None: no such extension; empty: the extension is there without a name.
    pub server_name: Option<String>,
    /// Protocols offered by ALPN, GREASE left out.
    pub alpn: Vec<String>,
    /// supported_versions (or the legacy version), highest first, GREASE left out.
    pub versions: Vec<u16>,
    /// encrypted_client_hello (0xfe0d) is present, real or GREASE.
    pub ech: bool,
    /// The older encrypted_server_name (0xffce) is present.
    pub esni: bool,
}

/// True if a stream that begins with `bytes` may begin with a ClientHello (also when only a byte is there).
#[inline]
pub fn may_be_hello(_bytes: &[u8]) -> bool {
    false
}

/// The first ClientHello of a TCP stream that begins with `stream`: from any number of records.
pub fn parse_hello_stream(_stream: &[u8]) -> Parse<ClientHello> {
    Err(Malformed("record"))
}

/// The body of a ClientHello handshake message (after type and length), as QUIC and DTLS carry it too.
pub fn parse_hello_body(_body: &[u8]) -> Result<ClientHello, Malformed> {
    Err(Malformed("hello"))
}

/// The name in a hello that is not whole, if its server_name extension is.
pub fn partial_server_name(_stream: &[u8]) -> Option<String> {
    None
}
