"""What a process can no longer do, and what it still can, after `give_up_privileges`; without root."""

import subprocess
import sys

import pytest

from tests.privileges.live import ROOT

GIVE_UP = "from netmon._engine import give_up_privileges\n"
ALL = "assert give_up_privileges(None, all_files=False, filter_calls=True) == []\n"


def run(text):
    """The output of a Python program."""
    done = subprocess.run(
        [sys.executable, "-c", text], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    "attempt",
    [
        "import subprocess; subprocess.run(['true'])",
        "import os; os.execv('/bin/true', ['true'])",
        "import os; os.fork()",
        "import os; os.posix_spawn('/bin/true', ['true'], {})",
        "import socket; socket.socket(socket.AF_INET, socket.SOCK_STREAM)",
        "import socket; socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)",
        "import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)",
        "import socket; socket.socket(socket.AF_UNIX).connect('/run/nowhere')",
        "import os; os.kill(os.getppid(), 0)",
        "import os; os.chmod('/tmp', 0o777)",
        "import os; os.chown('/tmp', 0, 0)",
        "import os; os.setuid(os.getuid())",
        "import os; os.setgroups([])",
        "import os; os.chroot('/')",
        "import os; os.link('/etc/hostname', '/tmp/x')",
        "import os; os.symlink('/etc/hostname', '/tmp/x')",
        "import os; os.mkfifo('/tmp/x')",
        "import os; os.nice(1)",
        "import ctypes, os; c = ctypes.CDLL(None, use_errno=True)\n"
        "if c.setrlimit(4, (ctypes.c_ulong * 2)(0, 0)): raise OSError(ctypes.get_errno(), '')",
        "import ctypes, os; c = ctypes.CDLL(None, use_errno=True)\n"
        "if c.ptrace(0, 0, 0, 0): raise OSError(ctypes.get_errno(), '')",
        "import ctypes, os; c = ctypes.CDLL(None, use_errno=True)\n"
        "if c.unshare(0x10000000): raise OSError(ctypes.get_errno(), '')",
        "import ctypes, os; c = ctypes.CDLL(None, use_errno=True)\n"
        "if c.mount(b'none', b'/mnt', b'tmpfs', 0, None): raise OSError(ctypes.get_errno(), '')",
        "import ctypes, os; c = ctypes.CDLL(None, use_errno=True)\n"
        "if c.prctl(4, 1, 0, 0, 0): raise OSError(ctypes.get_errno(), '')",
    ],
)
def test_refused(attempt):
    """It fails with EPERM, and the process goes on."""
    inner = "\n    ".join(attempt.split("\n"))
    program = f"{GIVE_UP}import errno, os\nexec({attempt.split(chr(10))[0].split(';')[0]!r})\n{ALL}"
    program += f"try:\n    {inner}\nexcept OSError as error:\n    print(errno.errorcode[error.errno])\n"
    assert run(program) == "EPERM"


@pytest.mark.parametrize(
    "attempt",
    [
        "import threading; t = threading.Thread(target=print, args=('yes',)); t.start(); t.join()",
        "import time; time.sleep(0.01); print('yes')",
        "import tempfile; open('/tmp/netmon-test-refused', 'w').write('x'); import os; "
        "os.replace('/tmp/netmon-test-refused', '/tmp/netmon-test-refused2'); "
        "os.unlink('/tmp/netmon-test-refused2'); print('yes')",
        "import decimal, sqlite3 as late; print('yes')",  # a library is loaded
        "import os, signal; signal.signal(10, lambda *_: print('yes')); os.kill(os.getpid(), 10)",
        "import socket; print('yes' if socket.if_nameindex() else 'no')",
        "import socket; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); print('yes')",
        "import secrets; secrets.token_bytes(9); print('yes')",
        "import mmap; mmap.mmap(-1, 4096); print('yes')",
        "import ssl; ssl.create_default_context(); print('yes')",
        "import datetime; datetime.datetime.now().astimezone(); print('yes')",
        "import os; os.listdir('/proc/self/fd'); print('yes')",
    ],
)
def test_allowed(attempt):
    """Threads, files, signals to itself, late modules, interfaces, entropy and memory still work."""
    assert run(f"{GIVE_UP}{ALL}{attempt}") == "yes"


def test_it_is_called_before_any_thread():
    """Capabilities are those of a thread, so a process that has several is refused."""
    text = (
        f"{GIVE_UP}from netmon._engine import PrivilegeError\nimport threading\n"
        "wait = threading.Event(); threading.Thread(target=wait.wait, daemon=True).start()\n"
        "try:\n    give_up_privileges(None, all_files=False, filter_calls=True)\n"
        "except PrivilegeError as error:\n    print(error)\n"
    )
    assert run(text) == "2 threads run already, and would keep their privileges"


def test_a_thread_that_starts_later_is_bound_as_well():
    """The filter and no_new_privs are inherited."""
    text = (
        f"{GIVE_UP}{ALL}import threading\n"
        "def look():\n"
        "    lines = open('/proc/thread-self/status').read().splitlines()\n"
        "    print(*[line.split()[1] for line in lines if line.startswith(('Seccomp:', 'NoNew'))])\n"
        "t = threading.Thread(target=look); t.start(); t.join()\n"
    )
    assert run(text) == "1 2"
