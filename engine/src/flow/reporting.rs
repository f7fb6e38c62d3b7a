//! What has been decided and reported about a flow.

/// Stands for no signature.
const NO_SIGNATURE: u32 = u32::MAX;

/// The state of a flow's reports.
#[derive(Debug)]
pub struct Reporting {
    /// Bytes of both sides at the latest report.
    bytes: [u64; 2],
    /// Index of the matching signature, or NO_SIGNATURE.
    signature: u32,
    /// Capture interface of the first packet.
    interface: u16,
    decided: bool,
    reported: bool,
}

impl Reporting {
    /// Nothing decided, nothing reported of a flow that begins on this interface.
    pub fn new(interface: u16) -> Self {
        Self { bytes: [0; 2], signature: NO_SIGNATURE, interface, decided: false, reported: false }
    }

    /// Capture interface of the first packet.
    pub fn interface(&self) -> u16 {
        self.interface
    }

    /// Notes that the flow was identified for a live report, and which signature it matches.
    pub fn decide(&mut self, signature: Option<u32>) {
        self.signature = signature.unwrap_or(NO_SIGNATURE);
        self.decided = true;
    }

    /// The flow was identified for a live report.
    #[inline]
    pub fn is_decided(&self) -> bool {
        self.decided
    }

    /// The latest decision found a matching signature.
    pub fn has_signature(&self) -> bool {
        self.signature != NO_SIGNATURE
    }

    /// A signature matches, and nothing has been reported yet: the first report waits for data, because an
    /// attempt alone is not a contact.
    #[inline]
    pub fn waits_for_data(&self) -> bool {
        self.decided && !self.reported && self.has_signature()
    }

    /// A report has been written.
    #[inline]
    pub fn is_reported(&self) -> bool {
        self.reported
    }

    /// Bytes that a side has sent since the latest report, if `bytes` are its total.
    pub fn new_bytes(&self, side: usize, bytes: u64) -> u64 {
        bytes - self.bytes[side].min(bytes)
    }

    /// The flow has carried more since its latest report.
    pub fn is_outdated(&self, bytes: [u64; 2]) -> bool {
        self.reported && self.bytes != bytes
    }

    /// Notes that a report was written when the sides had sent `bytes`.
    pub fn note_report(&mut self, bytes: [u64; 2]) {
        self.bytes = bytes;
        self.reported = true;
    }
}
