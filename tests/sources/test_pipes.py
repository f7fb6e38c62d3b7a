"""What is read from a pipe is what would be read from a file, however it is cut into writes."""

import gzip
import os
import subprocess
import threading

import pytest

from netmon._engine import CaptureFile, Engine, Matcher
from tests.craft.packets import UDP, address, ethernet, ip, udp
from tests.craft.pcap import Frame, Interface, pcap, pcapng, snoop
from tests.machine import need

ENDS = address("192.0.2.10"), address("203.0.113.20")
PACKETS = 20
FRAMES = [
    Frame(number * 10**9, ethernet(ip(*ENDS, UDP, udp(*ENDS, (5000 + number, 6000), b"x" * number))))
    for number in range(PACKETS)
]
COMMENT = (5).to_bytes(4, "little") + (32).to_bytes(4, "little") + bytes(20) + (32).to_bytes(4, "little")
FILES = {
    "pcap": pcap(FRAMES, 1),
    "pcapng": pcapng(FRAMES, [Interface("eth0", 1)]) + COMMENT + pcapng(FRAMES[:1], [Interface("eth0", 1)]),
    "snoop": snoop(FRAMES, datalink=4),
}


class Pipe:
    """A pipe and the capture that is read from it."""

    def __init__(self):
        self._reader, self._writer = os.pipe()
        self.engine = Engine(Matcher([], [], []), every_flow=True)
        self.file = None

    def open(self):
        """Open it as a capture."""
        self.file = CaptureFile(f"/dev/fd/{self._reader}")

    def write(self, data):
        """Write to it."""
        os.write(self._writer, data)

    def read(self, wait_s=0.0):
        """Read what is there; the number of packets."""
        before = self.file.packets
        self.engine.read(self.file, 1000, wait_s)
        return self.file.packets - before

    def end(self):
        """No more comes; True if the capture has ended."""
        os.close(self._writer)
        return not self.engine.read(self.file, 1000, 5.0)

    def rest(self):
        """The flows that have not been taken."""
        os.close(self._reader)
        return self.engine.finish()[0]


def flows_of(path):
    """The flows of a file."""
    engine = Engine(Matcher([], [], []), every_flow=True)
    file = CaptureFile(str(path))
    engine.read(file, 1000)
    return file.packets, engine.finish()[0]


@pytest.mark.parametrize("name", FILES)
def test_bytes_may_come_one_by_one(name, tmp_path):
    """Each packet is read with its last byte, and none before or twice."""
    data = FILES[name]
    (tmp_path / name).write_bytes(data)
    packets, flows = flows_of(tmp_path / name)
    pipe, header = Pipe(), 28 if name == "pcapng" else 24
    pipe.write(data[:header])
    pipe.open()
    counts = []
    for at in range(header, len(data)):
        pipe.write(data[at : at + 1])
        counts.append(pipe.read())
    assert max(counts) == 1
    assert sum(counts) == packets
    assert pipe.end()
    assert pipe.file.problem is None
    assert pipe.rest() == flows


@pytest.mark.parametrize("idle", [0, 1, 70_000])
@pytest.mark.parametrize("header", [28, 80])
def test_a_pipe_that_was_idle_has_the_interfaces_of_its_file(idle, header):
    """However often it was looked at before its first packet, with the interfaces described or not yet."""
    frames = [Frame(frame.time_ns, frame.data, interface=at % 2) for at, frame in enumerate(FRAMES)]
    data = pcapng(frames, [Interface("eth0", 1), Interface("eth1", 1)])
    pipe = Pipe()
    pipe.write(data[:header])
    pipe.open()
    assert [pipe.read() for _ in range(idle)] == [0] * idle
    pipe.write(data[header:])
    assert pipe.end()
    views = pipe.engine.stats()["view"]
    assert {name: view["packets"] for name, view in views.items()} == {"eth0": 10, "eth1": 10}
    pipe.rest()


def test_a_large_block_keeps_no_result_waiting():
    """Of a block that is skipped, what is there is consumed while the rest is waited for."""
    large = 100_000
    length = (12 + large).to_bytes(4, "little")
    block = (77).to_bytes(4, "little") + length + bytes(large) + length
    pipe = Pipe()
    pipe.write(pcapng(FRAMES[:1], [Interface("eth0", 1)]) + block[:20])
    pipe.open()
    assert pipe.read() == 1
    for at in range(20, len(block), 10_000):
        pipe.write(block[at : at + 10_000])
        assert pipe.read() == 0
    pipe.write(pcapng(FRAMES[1:3], [Interface("eth0", 1)]))
    assert pipe.read() == 2
    assert pipe.end()
    assert pipe.file.problem is None
    pipe.rest()


@pytest.mark.parametrize("name", FILES)
def test_a_cut_is_the_error_of_the_file(name, tmp_path):
    """A pipe that ends within a packet tells the same place."""
    data = FILES[name][:-7]
    (tmp_path / name).write_bytes(data)
    file = CaptureFile(str(tmp_path / name))
    Engine(Matcher([], [], [])).read(file, 1000)
    pipe = Pipe()
    pipe.write(data)
    pipe.open()
    pipe.read()
    assert pipe.file.problem is None
    assert pipe.end()
    assert pipe.file.problem.partition(": ")[2] == file.problem.partition(": ")[2]
    pipe.rest()


@pytest.mark.parametrize("ending", ["gz", "zst"])
def test_a_compressed_pipe_is_waited_for(ending, tmp_path):
    """A decoder that needs more bytes gets them later, and those before are packets at once."""
    (tmp_path / "file").write_bytes(FILES["pcap"])
    packets, flows = flows_of(tmp_path / "file")
    if ending == "zst":
        need("zstd")
        data = subprocess.run(["zstd", "-c", str(tmp_path / "file")], capture_output=True, check=True).stdout
    else:
        data = gzip.compress(FILES["pcap"])
    pipe = Pipe()

    def write_slowly():
        for byte in data:
            pipe.write(bytes([byte]))

    writer = threading.Thread(target=write_slowly)
    writer.start()
    pipe.open()
    writer.join()
    read = pipe.read(1.0)
    assert pipe.end()
    assert pipe.file.packets == packets >= read
    assert pipe.rest() == flows
