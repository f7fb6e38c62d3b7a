//! `give_up_privileges`: called once by the sensor.

use crate::privileges::{give_up, Account, Kept, PrivilegeError as Failure};
use pyo3::create_exception;
use pyo3::exceptions::PyException;
use pyo3::prelude::*;

create_exception!(
    _engine,
    PrivilegeError,
    PyException,
    "The process would keep more privileges than it should."
);

/// Gives up all privileges but those needed for capturing, before any thread starts.
#[pyfunction]
#[pyo3(signature = (account, *, all_files, filter_calls))]
pub fn give_up_privileges(
    account: Option<(u32, u32, Vec<u32>)>,
    all_files: bool,
    filter_calls: bool,
) -> PyResult<Vec<String>> {
    let account = account.map(|(user, group, groups)| Account { user, group, groups });
    give_up(&Kept { account, all_files, filter_calls })
        .map_err(|Failure(reason)| PrivilegeError::new_err(reason))
}
