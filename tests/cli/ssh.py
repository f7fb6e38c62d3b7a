"""A server of ssh in a namespace."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cli.ports import Network
from tests.machine import need

PORT = 2222


@contextmanager
def ssh_server(network: Network, folder: Path) -> Iterator[str]:
    """The command that runs the rest of its line in the namespace, for shells in this folder there."""
    need("sshd", "ssh", "ssh-keygen")
    for name in ("host", "user"):
        key = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(key, check=True)
    folder.chmod(0o700)
    options = {
        "Port": PORT,
        "ListenAddress": "127.0.0.1",
        "HostKey": folder / "host",
        "AuthorizedKeysFile": folder / "user.pub",
        "PidFile": "none",
        "StrictModes": "no",
        "UsePAM": "no",
        "PermitRootLogin": "prohibit-password",
    }
    (folder / "sshd_config").write_text("".join(f"{name} {value}\n" for name, value in options.items()))
    # The server wants a folder that belongs to the machine; it gets one that only it sees.
    start = "mount -t tmpfs none /run && mkdir /run/sshd && exec /usr/sbin/sshd -D -e -f sshd_config"
    words = network.command("unshare", "--mount", "sh", "-c", start)
    with subprocess.Popen(words, cwd=folder, stderr=subprocess.PIPE, text=True) as server:
        while "listening" not in (line := server.stderr.readline()):
            assert line, "sshd does not start"
        try:
            yield (
                f"ssh -F none -q -p {PORT} -i {folder}/user -o BatchMode=yes -o StrictHostKeyChecking=no "
                "-o UserKnownHostsFile=/dev/null root@127.0.0.1"
            )
        finally:
            server.terminate()  # sessions that are open end with their clients
