//! The lists of a ClientHello that go into its fingerprint.

use super::tls_extension::{self, is_dtls, is_grease};
use crate::wire::bytes::cursor::{Cursor, Short};

/// Maximum length of a list: four times that of any known client. A hello with a longer one gets no
/// fingerprint.
const MAX_LIST_BYTES: usize = 1024;

/// The input of a fingerprint that `ClientHello` itself does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Offer {
    pub(super) is_dtls: bool,
    /// Sorted, without GREASE: the order and the GREASE values are random in some clients.
    pub(super) cipher_suites: Box<[u16]>,
    /// Sorted, without GREASE.
    pub(super) extensions: Box<[u16]>,
    /// In their original order, without GREASE.
    pub(super) signature_algorithms: Box<[u16]>,
    /// First and last byte of the first ALPN protocol.
    pub(super) protocol_ends: Option<(u8, u8)>,
}

impl Offer {
    /// The offer of a hello with these parts; None if a list is too long or its length is inconsistent.
    pub(super) fn read(version: u16, cipher_suites: Cursor, extensions: Cursor) -> Option<Box<Self>> {
        let mut numbers = Vec::with_capacity(32);
        let mut signature_algorithms = Cursor::new(&[]);
        let mut protocol_ends = None;
        let mut block = extensions;
        while !block.is_empty() {
            let (number, mut data) = (block.u16().ok()?, block.vector16().ok()?);
            match number {
                tls_extension::SIGNATURE_ALGORITHMS => signature_algorithms = data.vector16().ok()?,
                tls_extension::ALPN => protocol_ends = ends_of_first_protocol(data).ok()?,
                _ => {}
            }
            numbers.push(number);
        }
        let (cipher_suites, signature_algorithms) = (cipher_suites.rest(), signature_algorithms.rest());
        let fits = |list: &[u8]| list.len() <= MAX_LIST_BYTES && list.len() & 1 == 0;
        let all_fit =
            fits(cipher_suites) && fits(signature_algorithms) && numbers.len() <= MAX_LIST_BYTES / 2;
        all_fit.then(|| {
            numbers.retain(|&number| !is_grease(number));
            numbers.sort_unstable();
            let mut cipher_suites = read_numbers(cipher_suites);
            cipher_suites.sort_unstable();
            Box::new(Self {
                is_dtls: is_dtls(version),
                cipher_suites: cipher_suites.as_slice().into(),
                extensions: numbers.as_slice().into(), // copied: shrinking in place would fragment the heap
                signature_algorithms: read_numbers(signature_algorithms).as_slice().into(),
                protocol_ends,
            })
        })
    }
}

/// The two-byte numbers of a list, without GREASE.
fn read_numbers(list: &[u8]) -> Vec<u16> {
    let all = list.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    all.filter(|&number| !is_grease(number)).collect()
}

fn ends_of_first_protocol(mut data: Cursor) -> Result<Option<(u8, u8)>, Short> {
    let mut list = data.vector16()?;
    while !list.is_empty() {
        let name = list.vector8()?.rest();
        if !matches!(*name, [a, b] if is_grease(u16::from_be_bytes([a, b]))) {
            return Ok(name.first().copied().zip(name.last().copied()));
        }
    }
    Ok(None)
}
