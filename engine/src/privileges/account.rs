//! The user as which the process goes on.

use super::privilege_error::PrivilegeError;
use rustix::io;
use rustix::process::{Gid, Uid};
use rustix::thread;

/// A user, and the groups to which it belongs.
#[derive(Clone, Debug)]
pub struct Account {
    /// User ID.
    pub user: u32,
    /// ID of the primary group.
    pub group: u32,
    /// IDs of all groups.
    pub groups: Vec<u32>,
}

impl Account {
    /// Becomes this user and keeps the permitted capabilities, which the caller reduces next. The process has one
    /// thread.
    pub(super) fn assume(&self) -> Result<(), PrivilegeError> {
        self.switch().map_err(|error| PrivilegeError(format!("cannot become user {}: {error}", self.user)))
    }

    fn switch(&self) -> io::Result<()> {
        let (user, group) = (Uid::from_raw(self.user), Gid::from_raw(self.group));
        let groups: Vec<_> = self.groups.iter().copied().map(Gid::from_raw).collect();
        thread::set_keep_capabilities(true)?;
        thread::set_thread_groups(&groups)?;
        thread::set_thread_res_gid(group, group, group)?;
        thread::set_thread_res_uid(user, user, user)?;
        thread::set_keep_capabilities(false)
    }
}
