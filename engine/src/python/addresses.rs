//! Addresses, and those of servers behind translators and relays.

use crate::address::embedded::{self, Nat64Prefix};
use crate::address::Address;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::borrow::Cow;
use std::net::IpAddr;

/// The prefixes in a list of texts.
///
/// # Errors
///
/// ValueError with the first text that is none.
pub fn read_prefixes(texts: &[String]) -> PyResult<Vec<Nat64Prefix>> {
    let read = |text: &String| {
        Nat64Prefix::parse(text).map_err(|why| PyValueError::new_err(format!("'{text}': {why}")))
    };
    texts.iter().map(read).collect()
}

/// An address.
///
/// # Errors
///
/// ValueError for text that is none.
fn read_address(text: &str) -> PyResult<IpAddr> {
    text.parse().map_err(|_| PyValueError::new_err(format!("not an IP address: {text}")))
}

/// The 4 or 16 bytes of an address.
#[pyfunction]
pub fn packed_address(address: &str) -> PyResult<Cow<'static, [u8]>> {
    Ok(match read_address(address)? {
        IpAddr::V4(one) => one.octets().to_vec().into(),
        IpAddr::V6(one) => one.octets().to_vec().into(),
    })
}

/// The IPv4 address in an IPv6 address, by the prefixes of the site's translators and those that are known everywhere.
#[pyfunction]
#[pyo3(signature = (address, prefixes = Vec::new()))]
pub fn embedded_ipv4(address: &str, prefixes: Vec<String>) -> PyResult<Option<String>> {
    let ip = Address::from(read_address(address)?);
    let found = embedded::embedded_ipv4(ip, &read_prefixes(&prefixes)?);
    Ok(found.map(|ipv4| ipv4.to_string()))
}
