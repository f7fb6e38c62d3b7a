//! What to capture, and how.

use super::selection::Selection;
use crate::capture::filter::Filter;
use crate::capture::interface::Interface;
use crate::capture::sieve::Sieve;
use crate::capture::CaptureError;
use std::sync::Arc;

/// What to capture.
#[derive(Clone, Debug)]
pub struct Options {
    /// On which interfaces.
    pub selection: Selection,
    /// It is an error if one of the interfaces cannot be opened at the start.
    pub require_all: bool,
    /// Number of workers, each with a thread.
    pub workers: usize,
    /// Ring bytes, for each worker and interface.
    pub ring_bytes: usize,
    /// Bytes kept of each packet.
    pub snaplen: u32,
    /// Put the interfaces into promiscuous mode.
    pub promiscuous: bool,
    /// A filter that the kernel runs, compiled for each link type; empty: none.
    pub filters: Vec<(u16, Filter)>,
    /// Drops data in the kernel that no worker needs.
    pub sieve: Option<Arc<Sieve>>,
}

impl Options {
    /// The filter for an interface.
    ///
    /// # Errors
    ///
    /// There is a filter, but none for its link type.
    pub fn filter_for(&self, interface: &Interface) -> Result<Option<Filter>, CaptureError> {
        if self.filters.is_empty() {
            return Ok(None);
        }
        let link = interface.link()?;
        let filter = self.filters.iter().find(|(filtered, _)| *filtered == link);
        let filter = filter.map(|(_, filter)| Some(filter.clone()));
        filter.ok_or_else(|| {
            CaptureError(format!("{}: the filter does not fit its link type ({link})", interface.name))
        })
    }
}
