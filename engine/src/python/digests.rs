//! SHA-256 for Python, whose own loads OpenSSL at every start.

use pyo3::prelude::*;
use ring::digest::{digest, Context, SHA256};
use std::borrow::Cow;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// The digest of these bytes.
#[pyfunction]
pub fn sha256(data: &[u8]) -> Cow<'static, [u8]> {
    digest(&SHA256, data).as_ref().to_vec().into()
}

/// The digest of files, with their paths and lengths, after these bytes.
///
/// # Errors
///
/// `OSError` for a file that cannot be read.
#[pyfunction]
pub fn sha256_of_files(start: &[u8], paths: Vec<PathBuf>) -> PyResult<Cow<'static, [u8]>> {
    let mut context = Context::new(&SHA256);
    context.update(start);
    for path in paths {
        let data = fs::read(&path)?;
        context.update(path.as_os_str().as_bytes());
        context.update(format!(" {}\n", data.len()).as_bytes());
        context.update(&data);
    }
    Ok(context.finish().as_ref().to_vec().into())
}
