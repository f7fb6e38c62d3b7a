"""`netmon read` is streaming: memory does not depend on the size of the capture."""

import subprocess
import sys

import pytest

MIB = 1 << 20
READ_AND_REPORT = """
import sys
from pathlib import Path
from netmon.cli import main
try:
    main()
finally:
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line)
    print("peak", int(peak.split()[1]) * 1024, file=sys.stderr)
"""


@pytest.fixture
def peak_bytes(environment, demo):
    """Peak memory of a run over the demo's packets from a pipe, repeated to at least this many bytes."""

    def peak_bytes(size):
        header, body = demo.read_bytes()[:24], demo.read_bytes()[24:]
        words = [sys.executable, "-c", READ_AND_REPORT, "read", "-"]
        with subprocess.Popen(
            words, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            process.stdin.write(header)
            for _ in range(-(-size // len(body))):
                process.stdin.write(body)
            output, errors = process.communicate()
        assert b"packets" in output
        return int(errors.split()[-1])

    return peak_bytes


def test_memory_does_not_grow_with_the_capture(peak_bytes):
    """Half a gigabyte needs no more than a few megabytes above what 10 megabytes need."""
    small, large = peak_bytes(10 * MIB), peak_bytes(512 * MIB)
    assert large - small < 16 * MIB
