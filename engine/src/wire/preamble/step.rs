//! One step of a preamble.

/// One step of a preamble.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its length in bytes; the next step or a ClientHello follows.
    pub length: usize,
    /// The host name it contains: Host or `:authority`, the target of a request, or the authority of a PROXY header. Written
    /// as in `ClientHello::server_name`, without the port; None for an address.
    pub host: Option<String>,
    /// What follows it in the stream.
    pub kind: StepKind,
}

/// What follows a step in the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepKind {
    /// Another step or a hello.
    Prelude,
    /// Another step: a command of a line protocol that does not ask for TLS.
    Dialogue,
    /// What may follow the step before it: white space.
    Space,
    /// The same, after a request to a proxy for a tunnel: the stream ends at another server.
    Tunnel,
    /// Nothing of interest, after a request to this server.
    Request,
    /// Nothing of interest, after a request to a proxy: another server will answer.
    ProxyRequest,
}

impl Step {
    /// A step without a name, after which a hello may follow.
    pub(super) fn prelude(length: usize) -> Self {
        Self { length, host: None, kind: StepKind::Prelude }
    }
}
