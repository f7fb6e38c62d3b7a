//! What evidence keeps of payload, where clients are not shown.

use crate::kept;
use pyo3::prelude::*;
use std::borrow::Cow;

/// Contiguous bytes of a TCP stream in which segments begin at `starts`.
#[pyfunction]
pub fn essential_stream(py: Python<'_>, stream: &[u8], starts: Vec<usize>) -> Cow<'static, [u8]> {
    py.detach(|| kept::essential_stream(stream, &starts)).into()
}

/// A datagram, between ends that use connection IDs of this length.
#[pyfunction]
pub fn essential_datagram(datagram: &[u8], id_length: usize) -> Cow<'static, [u8]> {
    kept::essential_datagram(datagram, id_length).into()
}

/// A DNS message.
#[pyfunction]
pub fn essential_message(py: Python<'_>, message: &[u8]) -> Cow<'static, [u8]> {
    py.detach(|| kept::essential_message(message)).into()
}

/// The length of the connection ID that the other side uses in short headers, from a long header of QUIC.
#[pyfunction]
pub fn id_length(datagram: &[u8]) -> Option<usize> {
    kept::id_length(datagram)
}
