//! The system calls that the sensor needs after its start: those of the engine, of Python, and of both C libraries.
//!
//! Absent on purpose: starting programs, new processes, connections and IP sockets (the sensor only answers on sockets
//! that listen already), mounting, tracing, changing users, modes or owners, loading code into the kernel.

use crate::capture::sieve::COMMANDS;
use libc::c_long;
use seccompiler::{SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompRule};
use std::collections::BTreeMap;

/// Number of a call → the rules one of which its arguments must match; none: any arguments.
pub(super) type Rules = BTreeMap<c_long, Vec<SeccompRule>>;

const MEMORY: &[c_long] = &[
    libc::SYS_brk,
    libc::SYS_madvise,
    libc::SYS_mincore,
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_munmap,
];
const THREADS: &[c_long] = &[
    libc::SYS_clone3, // answered by ENOSYS, see `call_filter`
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_futex,
    libc::SYS_get_robust_list,
    libc::SYS_gettid,
    libc::SYS_membarrier,
    libc::SYS_restart_syscall,
    libc::SYS_rseq,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_getparam,
    libc::SYS_sched_getscheduler,
    libc::SYS_sched_yield,
    libc::SYS_set_robust_list,
    libc::SYS_set_tid_address,
];
const FILES: &[c_long] = &[
    libc::SYS_close,
    libc::SYS_close_range,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_fadvise64,
    libc::SYS_fcntl,
    libc::SYS_fdatasync,
    libc::SYS_fstat,
    libc::SYS_fstatfs,
    libc::SYS_fsync,
    libc::SYS_ftruncate,
    libc::SYS_getcwd,
    libc::SYS_getdents64,
    libc::SYS_lseek,
    libc::SYS_memfd_create, // in which a location database is read
    libc::SYS_mkdirat,
    libc::SYS_newfstatat,
    libc::SYS_openat,
    libc::SYS_pipe2,
    libc::SYS_pread64,
    libc::SYS_pwrite64,
    libc::SYS_read,
    libc::SYS_readlinkat,
    libc::SYS_readv,
    libc::SYS_renameat,
    libc::SYS_renameat2,
    libc::SYS_sendfile,
    libc::SYS_statfs,
    libc::SYS_statx,
    libc::SYS_umask,
    libc::SYS_unlinkat,
    libc::SYS_write,
    libc::SYS_writev,
];
/// Older forms of the calls above, which only this architecture has.
#[cfg(target_arch = "x86_64")]
const OLDER: &[c_long] = &[
    libc::SYS_access,
    libc::SYS_dup2,
    libc::SYS_epoll_create,
    libc::SYS_epoll_wait,
    libc::SYS_eventfd,
    libc::SYS_getpgrp,
    libc::SYS_lstat,
    libc::SYS_mkdir,
    libc::SYS_open,
    libc::SYS_pipe,
    libc::SYS_poll,
    libc::SYS_readlink,
    libc::SYS_rename,
    libc::SYS_rmdir,
    libc::SYS_select,
    libc::SYS_stat,
    libc::SYS_time,
    libc::SYS_unlink,
];
#[cfg(not(target_arch = "x86_64"))]
const OLDER: &[c_long] = &[];
/// Of sockets that are open already, and of packet sockets.
const SOCKETS: &[c_long] = &[
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_bind,
    libc::SYS_getpeername,
    libc::SYS_getsockname,
    libc::SYS_getsockopt,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_sendmsg,
    libc::SYS_sendto,
    libc::SYS_setsockopt,
    libc::SYS_shutdown,
];
const WAITING: &[c_long] = &[
    libc::SYS_clock_nanosleep,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_eventfd2,
    libc::SYS_nanosleep,
    libc::SYS_ppoll,
    libc::SYS_pselect6,
];
const SIGNALS: &[c_long] =
    &[libc::SYS_rt_sigaction, libc::SYS_rt_sigprocmask, libc::SYS_rt_sigreturn, libc::SYS_sigaltstack];
const QUESTIONS: &[c_long] = &[
    libc::SYS_capget,
    libc::SYS_clock_getres,
    libc::SYS_clock_gettime,
    libc::SYS_getcpu,
    libc::SYS_getegid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getgroups,
    libc::SYS_getpgid,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_getrandom,
    libc::SYS_getresgid,
    libc::SYS_getresuid,
    libc::SYS_getrusage,
    libc::SYS_gettimeofday,
    libc::SYS_getuid,
    libc::SYS_sysinfo,
    libc::SYS_times,
    libc::SYS_uname,
];
/// For service managers, interfaces, and packets. Not IP: no connection can be opened.
const FAMILIES: &[i32] = &[libc::AF_UNIX, libc::AF_NETLINK, libc::AF_PACKET];
/// Terminals, descriptors, and properties of interfaces. Their type differs between C libraries.
const REQUESTS: &[u32] = &[
    libc::TCGETS as u32,
    libc::TIOCGWINSZ as u32,
    libc::FIONREAD as u32,
    libc::FIONBIO as u32,
    libc::FIOCLEX as u32,
    libc::FIONCLEX as u32,
    libc::SIOCGIFNAME as u32,
    libc::SIOCGIFCONF as u32,
    libc::SIOCGIFFLAGS as u32,
    libc::SIOCGIFMTU as u32,
    libc::SIOCGIFHWADDR as u32,
    libc::SIOCGIFINDEX as u32,
    libc::SIOCETHTOOL as u32, // reads offloads; writing needs CAP_NET_ADMIN
];
/// `PR_SET_VMA`, by which newer C libraries name their memory.
const PR_SET_VMA: i32 = 0x53_56_4d_41;
const NAMES_OF_THREADS: &[i32] = &[libc::PR_SET_NAME, libc::PR_GET_NAME, PR_SET_VMA];

/// All calls, each with the arguments that it may have.
pub(super) fn allowed() -> Rules {
    let any = [MEMORY, THREADS, FILES, OLDER, SOCKETS, WAITING, SIGNALS, QUESTIONS].concat();
    let mut rules: Rules = any.into_iter().map(|call| (call, Vec::new())).collect();
    let own = [u64::from(std::process::id())];
    let thread = libc::CLONE_THREAD as u64;
    let some = [
        (libc::SYS_socket, one_of(0, FAMILIES.iter().map(|&family| family as u64))),
        (libc::SYS_ioctl, one_of(1, REQUESTS.iter().map(|&request| u64::from(request)))),
        (libc::SYS_prctl, one_of(0, NAMES_OF_THREADS.iter().map(|&option| option as u64))),
        (libc::SYS_bpf, one_of(0, COMMANDS.map(|command| command as u64))),
        (libc::SYS_kill, one_of(0, own)),
        (libc::SYS_tgkill, one_of(0, own)),
        (libc::SYS_clone, vec![rule(0, SeccompCmpOp::MaskedEq(thread), thread)]),
        // Limits are read, never set: the third argument is where new ones would be.
        (libc::SYS_prlimit64, vec![whole(2, 0)]),
    ];
    rules.extend(some);
    rules
}

/// Rules for an argument of 32 bits that must have one of these values.
fn one_of(argument: u8, values: impl IntoIterator<Item = u64>) -> Vec<SeccompRule> {
    values.into_iter().map(|value| rule(argument, SeccompCmpOp::Eq, value)).collect()
}

fn rule(argument: u8, operator: SeccompCmpOp, value: u64) -> SeccompRule {
    rule_of(argument, SeccompCmpArgLen::Dword, operator, value)
}

/// A rule for an argument of 64 bits.
fn whole(argument: u8, value: u64) -> SeccompRule {
    rule_of(argument, SeccompCmpArgLen::Qword, SeccompCmpOp::Eq, value)
}

fn rule_of(argument: u8, length: SeccompCmpArgLen, operator: SeccompCmpOp, value: u64) -> SeccompRule {
    // Both fail only for argument numbers above 5 and for rules without conditions.
    let condition = SeccompCondition::new(argument, length, operator, value);
    condition.and_then(|one| SeccompRule::new(vec![one])).expect("a condition on one of six arguments")
}
