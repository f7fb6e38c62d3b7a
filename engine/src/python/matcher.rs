//! `Matcher`: signatures as Python hands them over.

use crate::address::Address;
use crate::tag::{self, Kind, Resolver};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::net::IpAddr;
use std::sync::Arc;

/// Signature names and networks, compiled.
#[pyclass(frozen, module = "netmon._engine")]
pub struct Matcher(pub Arc<tag::Matcher>);

#[pymethods]
impl Matcher {
    #[new]
    #[pyo3(signature = (
        names, networks, denied, public_names = Vec::new(), certificates = Vec::new(),
        resolvers = Vec::new(), fallbacks = Vec::new()
    ))]
    fn new(
        names: Vec<(u32, String, String)>,
        networks: Vec<(u32, String)>,
        denied: Vec<String>,
        public_names: Vec<String>,
        certificates: Vec<(u32, String)>,
        resolvers: Vec<Resolver>,
        fallbacks: Vec<String>,
    ) -> PyResult<Self> {
        let names = names.into_iter().map(|(entry, kind, text)| {
            let kind = match kind.as_str() {
                "exact" => Kind::Exact,
                "suffix" => Kind::Suffix,
                "pattern" => Kind::Pattern,
                other => return Err(PyValueError::new_err(format!("no such kind of match: {other}"))),
            };
            Ok((entry, kind, text))
        });
        let names = names.collect::<PyResult<Vec<_>>>()?;
        let matcher = tag::Matcher::new(&names, &networks, &denied)
            .and_then(|matcher| matcher.with_public_names(&public_names))
            .and_then(|matcher| matcher.with_resolvers(&resolvers, &fallbacks))
            .map_err(PyValueError::new_err)?;
        Ok(Self(Arc::new(matcher.with_certificates(&certificates))))
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
