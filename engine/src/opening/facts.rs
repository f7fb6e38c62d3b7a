//! What is known of an opening apart from its two sides, in one byte of a flow.

/// One thing that may be known.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fact {
    /// A SYN was seen.
    Started = 1,
    /// A reset was seen.
    Reset = 2,
    /// Payload is missing.
    Gap = 4,
    /// The server is a proxy: the data goes on to another server.
    Proxied = 8,
    /// The client uses a version of QUIC whose keys are unknown.
    QuicUnreadable = 16,
    /// Both sides are open and read: data and acknowledgements show nothing new, or packets with a short header.
    Settled = 32,
    /// The two sides talk in lines: the server began with a greeting, or the client with a command.
    Lines = 64,
    /// The client's latest command does not ask for TLS: what looks like a hello behind it is none.
    Unasked = 128,
}

/// A set of facts.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Facts(u8);

impl Facts {
    /// The fact is known.
    #[inline]
    pub fn has(self, fact: Fact) -> bool {
        self.0 & fact as u8 != 0
    }

    /// The fact is known from now on, if it is seen; otherwise nothing changes.
    #[inline]
    pub fn note(&mut self, fact: Fact, is_seen: bool) {
        self.0 |= if is_seen { fact as u8 } else { 0 };
    }

    /// The fact is known from now on, or is not.
    #[inline]
    pub fn set(&mut self, fact: Fact, is_known: bool) {
        self.0 &= !(fact as u8);
        self.note(fact, is_known);
    }
}
