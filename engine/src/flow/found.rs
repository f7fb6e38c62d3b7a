//! What the table finds for a segment.

/// The flow of a segment.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// Its slot; None if it is not in the table.
    pub slot: Option<u32>,
    /// The hash of its key; it is seeded, so that senders cannot choose it.
    pub hash: u64,
    /// The side that sent the segment: 0 or 1.
    pub side: usize,
}

impl Found {
    /// A number that the segments of one direction of a flow have in common, whether the flow is in the table or not; and
    /// their side.
    #[inline]
    pub fn direction(self) -> (u64, usize) {
        (self.hash ^ self.side as u64, self.side)
    }
}
