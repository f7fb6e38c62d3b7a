//! A network namespace with a cable, for tests on a real kernel. They need root and iproute2.

use std::ffi::c_int;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// No test waits longer than this for a cable.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// One end of a veth pair in a new network namespace, which sends frames; "far" is the other end.
pub struct Wire {
    socket: c_int,
}

impl Wire {
    /// In a network namespace that this thread and those that it starts are in.
    pub fn new() -> Self {
        // SAFETY: the call takes no pointers. It affects only this thread, which runs one test, and its children.
        let result = unsafe { libc::unshare(libc::CLONE_NEWNET) };
        assert_eq!(result, 0, "cannot create a network namespace: {}", std::io::Error::last_os_error());
        let commands = [
            "link add name near type veth peer name far",
            "link set dev near addrgenmode none",
            "link set dev far addrgenmode none",
            "link set dev near up",
            "link set lo up",
        ];
        commands.into_iter().for_each(ip);
        bring_up_far();
        Self { socket: sender("near") }
    }

    /// Sends a complete frame.
    pub fn send(&self, frame: &[u8]) {
        // SAFETY: the frame outlives the call.
        let sent = unsafe { libc::send(self.socket, frame.as_ptr().cast(), frame.len(), 0) };
        assert_eq!(sent, frame.len() as isize, "{}", std::io::Error::last_os_error());
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        // SAFETY: the descriptor is open, and is closed only here.
        unsafe { libc::close(self.socket) };
    }
}

/// Brings the other end up, and waits until frames pass. The kernel begins to send on "near" in a work item of its own,
/// and drops what is sent before without an error.
pub fn bring_up_far() {
    ip("link set dev far up");
    let end = Instant::now() + TIME_LIMIT;
    while !is_up("near") {
        assert!(Instant::now() < end, "near has no carrier");
        sleep(Duration::from_millis(1));
    }
    // The state shows before the work is done, under a lock that this command needs as well.
    ip("link set dev near up");
}

fn is_up(interface: &str) -> bool {
    show(&format!("-o link show dev {interface}")).contains(" state UP ")
}

/// What `ip` prints with these words.
pub fn show(command: &str) -> String {
    let output = Command::new("ip").args(command.split(' ')).output().expect("iproute2 is installed");
    String::from_utf8_lossy(if output.status.success() { &output.stdout } else { &output.stderr })
        .into_owned()
}

/// Runs `ip` with these words.
pub fn ip(command: &str) {
    let status = Command::new("ip").args(command.split(' ')).status().expect("iproute2 is installed");
    assert!(status.success(), "ip {command}");
}

/// A packet socket that sends complete frames on `interface` and receives nothing.
fn sender(interface: &str) -> c_int {
    let name = std::ffi::CString::new(interface).expect("no zero inside");
    // SAFETY: `sockaddr_ll` consists of integers, for which zero is valid; the name and the address outlive
    // the calls, and the size is that of the address.
    unsafe {
        let socket = libc::socket(libc::AF_PACKET, libc::SOCK_RAW, 0);
        assert!(socket >= 0, "{}", std::io::Error::last_os_error());
        let mut address: libc::sockaddr_ll = std::mem::zeroed();
        address.sll_family = libc::AF_PACKET as u16;
        address.sll_ifindex = libc::if_nametoindex(name.as_ptr()) as c_int;
        let size = size_of_val(&address) as libc::socklen_t;
        assert_eq!(libc::bind(socket, (&raw const address).cast(), size), 0);
        socket
    }
}
