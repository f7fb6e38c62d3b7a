//! Gives up, for good, what the sensor does not need: the user root, capabilities, new privileges, system calls.
//!
//! Called once, before any thread starts and the first packet is parsed. Threads inherit what is left.

mod account;
mod allowed_calls;
mod call_filter;
mod capability_sets;
mod privilege_error;

pub use self::account::Account;
pub use self::privilege_error::PrivilegeError;

/// What the process keeps.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    /// The user to become; None: the current one stays.
    pub account: Option<Account>,
    /// Keep root's access to the files of all users.
    pub all_files: bool,
    /// Refuse all system calls but those that the sensor needs.
    pub filter_calls: bool,
}

/// Gives up everything else. Returns a line for each protection that this system does not offer.
///
/// # Errors
///
/// The process would keep more than it should: it has several threads, or may not change its user or its capabilities.
pub fn give_up(kept: &Kept) -> Result<Vec<String>, PrivilegeError> {
    check_single_thread()?;
    capability_sets::empty_the_bounding_set();
    if let Some(account) = &kept.account {
        account.assume()?;
    }
    capability_sets::reduce(kept.all_files)?;
    let mut missing = Vec::new();
    if let Err(error) = rustix::thread::set_no_new_privs(true) {
        missing.push(format!("the kernel does not offer no_new_privs: {error}"));
    }
    if kept.filter_calls {
        missing.extend(
            call_filter::install().err().map(|reason| format!("no system call is refused: {reason}")),
        );
    }
    Ok(missing)
}

/// The kernel keeps user and capabilities by thread, so a second one would keep its own.
fn check_single_thread() -> Result<(), PrivilegeError> {
    // Without /proc, the caller's promise has to do.
    let threads = std::fs::read_dir("/proc/self/task").map_or(1, Iterator::count);
    if threads > 1 {
        return Err(PrivilegeError(format!(
            "{threads} threads run already, and would keep their privileges"
        )));
    }
    Ok(())
}
