//! One step of a preamble.

/// One step of a preamble.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its length in bytes: behind it the next step, or a ClientHello, begins.
    pub length: usize,
    /// The host name that it gives: Host, the target of a request, the authority of a PROXY header.
    /// Written as in `ClientHello::server_name`, without a port; an address is no name.
    pub host: Option<String>,
    /// What it says about the stream behind it.
    pub kind: StepKind,
}

/// What a step says about the stream behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepKind {
    /// A next step or a hello may follow.
    Prelude,
    /// A proxy was asked for a tunnel: the same, and the stream ends elsewhere than at this server.
    Tunnel,
    /// A request to this server: nothing else is looked for.
    Request,
    /// The same to a proxy, so that another server answers in the end.
    ProxyRequest,
}

impl Step {
    /// A step without a name.
    pub(super) fn prelude(length: usize) -> Self {
        Self { length, host: None, kind: StepKind::Prelude }
    }
}
