//! How far one side's opening has been read.

/// What is known of the first bytes that one side of a connection sends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OpeningState {
    /// No payload yet.
    Waiting,
    /// Payload is being reassembled.
    Collecting,
    /// A preamble was read, and a hello may follow.
    Between,
    /// A complete ClientHello was read.
    Hello,
    /// The other side sent the hello: nothing is expected here.
    Peer,
    /// A server's side of TLS: the hello is the other side's.
    Answer,
    /// The stream begins with something else.
    NotTls,
    /// The first bytes looked like a hello or a preamble, and were malformed.
    Malformed,
    /// The snap length cut the hello.
    Cut,
    /// Segments of the hello are missing, or its stream head was evicted.
    Incomplete,
    /// The sensor did not see the beginning.
    MidStream,
}
