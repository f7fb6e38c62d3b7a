//! `Matcher`: the signatures that Python passes.

use crate::address::Address;
use crate::opening::MAX_PREFIX_BYTES;
use crate::tag::{self, Magic, MatchKind, Resolver};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::net::IpAddr;
use std::sync::Arc;

/// (signature, "tcp" | "udp", port, prefix, exact length).
type Payload = (u32, String, u16, Vec<u8>, Option<u32>);

fn read_magic((signature, transport, port, prefix, length): Payload) -> PyResult<Magic> {
    let is_tcp = match transport.as_str() {
        "tcp" => true,
        "udp" => false,
        other => return Err(PyValueError::new_err(format!("no such transport: {other}"))),
    };
    if !(1..=MAX_PREFIX_BYTES).contains(&prefix.len()) {
        return Err(PyValueError::new_err(format!("a prefix has 1 to {MAX_PREFIX_BYTES} bytes")));
    }
    Ok(Magic { signature, is_tcp, port, prefix, length })
}

/// Signature names and networks, compiled.
#[pyclass(frozen, module = "netmon._engine")]
pub struct Matcher(pub Arc<tag::Matcher>);

#[pymethods]
impl Matcher {
    #[new]
    #[pyo3(signature = (
        names, networks, denied, public_names = Vec::new(), certificates = Vec::new(),
        payloads = Vec::new(), resolvers = Vec::new(), fallbacks = Vec::new(), vendors = Vec::new(),
        vendor_ids = Vec::new()
    ))]
    #[allow(clippy::too_many_arguments)] // keywords in Python
    fn new(
        py: Python<'_>,
        names: Vec<(u32, String, String)>,
        networks: Vec<(u32, String)>,
        denied: Vec<String>,
        public_names: Vec<String>,
        certificates: Vec<(u32, String)>,
        payloads: Vec<Payload>,
        resolvers: Vec<Resolver>,
        fallbacks: Vec<String>,
        vendors: Vec<u32>,
        vendor_ids: Vec<String>,
    ) -> PyResult<Self> {
        let names = names.into_iter().map(|(signature, kind, text)| {
            let kind = match kind.as_str() {
                "exact" => MatchKind::Exact,
                "suffix" => MatchKind::Suffix,
                "pattern" => MatchKind::Pattern,
                other => return Err(PyValueError::new_err(format!("no such kind of match: {other}"))),
            };
            Ok((signature, kind, text))
        });
        let names = names.collect::<PyResult<Vec<_>>>()?;
        let compile = || {
            tag::Matcher::new(&names, &networks, &denied)
                .and_then(|matcher| matcher.with_public_names(&public_names))
                .and_then(|matcher| matcher.with_resolvers(&resolvers, &fallbacks))
        };
        // Large sets take a while, in which other threads of Python go on.
        let matcher = py.detach(compile).map_err(PyValueError::new_err)?.with_vendors(vendors, vendor_ids);
        let magic = payloads.into_iter().map(read_magic).collect::<PyResult<Vec<_>>>()?;
        Ok(Self(Arc::new(matcher.with_certificates(&certificates).with_payloads(&magic))))
    }

    fn find_name(&self, name: &str) -> Option<u32> {
        self.0.find_name(name)
    }

    fn find_certificate(&self, name: &str) -> Option<u32> {
        self.0.find_certificate(name)
    }

    fn find_network(&self, address: &str) -> PyResult<Option<u32>> {
        let ip: IpAddr =
            address.parse().map_err(|_| PyValueError::new_err(format!("not an IP address: {address}")))?;
        Ok(self.0.find_network(Address::from(ip)))
    }
}
