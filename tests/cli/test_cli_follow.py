"""`netmon read --follow`: captures that are rotated meanwhile."""

import gzip
import json
import os
import re
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.cable import OTHER_END, PORT, SETUP
from tests.cli.ports import wait_for
from tests.cli.test_cli_many_files import flows, records
from tests.craft.scene import connection, ethernet_file, flight
from tests.craft.talk import tls_session
from tests.machine import need

SIGNATURES = Path(__file__).parents[1] / "golden" / "signatures"
PARTS = 8


class Follower:
    """A running reading of a folder, and what it has written."""

    def __init__(self, environment, folder, *words):
        self._output = folder.parent / "events.jsonl"
        command = [sys.executable, "-m", "netmon", "read", "--follow", "--json", "--all", "--country", "DE"]
        with self._output.open("w") as output:
            self.process = subprocess.Popen(
                [*command, *map(str, words), folder.name],
                env=environment,
                cwd=folder.parent,
                stdout=output,
                stderr=subprocess.PIPE,
                encoding="utf-8",
            )

    @property
    def stdout(self):
        """The events so far, without a line that is not complete."""
        text = self._output.read_text()
        return text[: text.rfind("\n") + 1]

    def ended(self):
        """The flows that have ended."""
        return self.stdout.count('"phase":"end"')

    def end(self, number=signal.SIGINT):
        """Exit code and messages after a signal."""
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=60)
        return self.process.returncode, errors


@pytest.fixture
def follow(environment, tmp_path):
    """Follow the folder `ring`; whatever runs is killed at the end."""
    (tmp_path / "ring").mkdir()
    started = []

    def follow(*words):
        started.append(Follower(environment, tmp_path / "ring", *words))
        return started[-1]

    yield follow
    for one in started:
        one.process.kill()
        one.process.communicate()


@pytest.fixture
def parts(demo):
    """The header of the demo, and its packets in parts."""
    data = demo.read_bytes()
    packets = list(records(data))
    size = -(-len(packets) // PARTS)
    return data[:24], [b"".join(packets[at : at + size]) for at in range(0, len(packets), size)]


def complete(events):
    """The flows that have ended, as `flows` has them."""

    class Done:
        stdout = "".join(f"{line}\n" for line in events.splitlines() if '"phase":"end"' in line)

    return flows(Done)


def test_a_ring_is_read_as_one_capture(follow, netmon, demo, parts, tmp_path):
    """Written in pieces, renamed, compressed and removed meanwhile: no flow is split or lost."""
    head, bodies = parts
    ring = tmp_path / "ring"
    (ring / "note.txt").write_text("no capture")
    one = follow()
    for number, body in enumerate(bodies):
        path = ring / f"cap{number}.pcap"
        with path.open("wb") as file:
            for piece in (head, body[:100], body[100:-50], body[-50:]):
                file.write(piece)
                file.flush()
                time.sleep(0.05)
        inode, size = path.stat().st_ino, path.stat().st_size
        wait_for(lambda of=inode, to=size: _has_read(one, of, to), f"part {number} is read")
        if number % 3 == 0:
            path.rename(ring / f"old{number}.pcap")
        elif number % 3 == 1:
            (ring / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
            path.unlink()
    code, errors = one.end()
    assert (code, errors) == (130, "netmon: interrupted by SIGINT after 1,101 packets\n")
    assert complete(one.stdout) == flows(netmon("read", "--json", "--all", "--country", "DE", demo))


def test_files_that_are_overwritten_in_place_are_new_ones(follow, parts, tmp_path):
    """As `tcpdump -W` does: the same names again, with other packets."""
    head, bodies = parts
    one = follow()
    for number, body in enumerate(bodies):
        path = tmp_path / "ring" / f"cap{number % 2}"
        path.write_bytes(head + body)
        inode = path.stat().st_ino
        wait_for(lambda of=inode: _has_read(one, of, len(head + body)), f"part {number} is read")  # noqa: B023
    code, errors = one.end()
    assert (code, errors) == (130, "netmon: interrupted by SIGINT after 1,101 packets\n")


def _has_read(follower, inode, size):
    """Whether the follower has read a file to its end."""
    process = Path(f"/proc/{follower.process.pid}")
    for link in (process / "fd").iterdir():
        try:
            if link.stat().st_ino == inode:
                return int((process / "fdinfo" / link.name).read_text().split()[1]) >= size
        except OSError:
            pass
    return False


def test_a_restart_counts_nothing_twice(follow, netmon, demo, parts, tmp_path):
    """With --store, each packet is in one run."""
    head, bodies = parts
    path = tmp_path / "ring" / "cap"
    path.write_bytes(head + b"".join(bodies[:3]))
    counts = []
    for body in (b"", b"".join(bodies[3:]), b""):
        one = follow("--store", "all.db")
        with path.open("ab") as file:
            file.write(body)
        wait_for(lambda: _has_read(one, path.stat().st_ino, path.stat().st_size), "all is read")  # noqa: B023
        code, errors = one.end(signal.SIGTERM)
        assert code == 143
        counts.append(
            int(re.search(r"interrupted by SIGTERM after ([\d,]+) packet", errors)[1].replace(",", ""))
        )
    assert (counts[0] > 0, sum(counts), counts[2]) == (True, 1101, 0)
    words = ("--by", "component", "--format", "json")
    netmon("read", "--country", "DE", "--store", "once.db", demo)
    followed, once = (
        sum(row["sent_bytes"] + row["received_bytes"] for row in json.loads(text)["rows"])
        for text in (netmon("history", "--store", store, *words).stdout for store in ("all.db", "once.db"))
    )
    assert once * 0.9 < followed <= once  # a connection that is cut may have lost its name


def packets_of(follower, path):
    """What was read once a file is read to its end, after SIGTERM."""
    about = path.stat()
    wait_for(lambda: _has_read(follower, about.st_ino, about.st_size), f"{path.name} is read")
    code, errors = follower.end(signal.SIGTERM)
    assert code == 143
    return int(re.search(r"interrupted by SIGTERM after ([\d,]+) packet", errors)[1].replace(",", ""))


def shifted(body, by_s):
    """Records with times that are so much later."""
    moved = b""
    while body:
        seconds, fraction, kept, length = struct.unpack("<IIII", body[:16])
        moved += struct.pack("<IIII", seconds + by_s, fraction, kept, length) + body[16 : 16 + kept]
        body = body[16 + kept :]
    return moved


@pytest.mark.parametrize("by_s", [0, -1, -3600, 3600])
def test_no_packet_is_left_out_whatever_the_times_of_another_file_are(follow, parts, tmp_path, by_s):
    """The clock of the capturing host is set, or the next file begins when the one before it does."""
    head, bodies = parts
    for number, body in enumerate((bodies[0], shifted(bodies[0], by_s), bodies[1])):
        path = tmp_path / "ring" / f"cap{number}"
        path.write_bytes(head + body[_first(body) * (number == 1) :])
    wanted = sum(len(list(records(path.read_bytes()))) for path in (tmp_path / "ring").iterdir())
    last = max((tmp_path / "ring").iterdir(), key=lambda path: first_time(path.read_bytes()))
    assert packets_of(follow(), last) == wanted


def _first(body):
    """The length of the first record."""
    return 16 + struct.unpack("<I", body[8:12])[0]


def first_time(capture):
    """The time of the first packet in seconds."""
    return struct.unpack("<I", capture[24:28])[0]


def test_a_restart_leaves_out_nothing_after_a_packet_from_the_future(follow, parts, tmp_path):
    """One wrong time is not how far was read."""
    head, bodies = parts
    ring, counts = tmp_path / "ring", []
    (ring / "cap0").write_bytes(head + bodies[0] + shifted(bodies[1], 2_000_000_000 - 1_750_000_000))
    counts.append(packets_of(follow("--store", "all.db"), ring / "cap0"))
    with (ring / "cap0").open("ab") as file:
        file.write(bodies[2])
    (ring / "cap1").write_bytes(head + bodies[3])
    counts.append(packets_of(follow("--store", "all.db"), ring / "cap1"))
    assert counts[0] == len(list(records(head + bodies[0] + bodies[1])))
    assert counts[1] == len(list(records(head + bodies[2] + bodies[3])))


def test_a_restart_counts_nothing_twice_when_an_earlier_file_came_meanwhile(follow, parts, tmp_path):
    """The clock was set back while nothing was followed, and the latest file was compressed."""
    head, bodies = parts
    ring = tmp_path / "ring"
    for number in (1, 2):
        (ring / f"cap{number}").write_bytes(head + bodies[number])
    first = packets_of(follow("--store", "all.db"), ring / "cap2")
    (ring / "cap0").write_bytes(head + bodies[0])
    (ring / "cap2.gz").write_bytes(gzip.compress(head + bodies[2]))
    (ring / "cap2").unlink()
    os.utime(ring / "cap2.gz", (0, 0))  # complete for long
    (ring / "cap3").write_bytes(head + bodies[3])
    second = packets_of(follow("--store", "all.db"), ring / "cap3")
    third = packets_of(follow("--store", "all.db"), ring / "cap3")
    assert first == len(list(records(head + bodies[1] + bodies[2])))
    assert (second, third) == (len(list(records(head + bodies[0] + bodies[3]))), 0)


def test_wrong_uses_are_one_line(refused, demo, tmp_path):
    """A file, several folders, a store that is no file."""
    (tmp_path / "ring").mkdir()
    assert refused("read", "--follow", demo).endswith(
        "--follow takes one folder, in which captures are rotated"
    )
    assert "takes one folder" in refused("read", "--follow", "ring", "ring")
    assert "has to be a file" in refused(
        "read", "--follow", "--store", "clickhouse://a@127.0.0.1:1/b", "ring"
    )


@pytest.mark.lab
@pytest.mark.parametrize("compress", [[], ["-z", "gzip"]], ids=["plain", "gzip"])
def test_the_files_of_tcpdump_are_followed(environment, follow, tmp_path, compress):
    """A new file each second, the earlier ones compressed: every flow is an event once."""
    need("ip", "tcpdump", "tcpreplay")
    sessions = [tls_session(connection(client_port=port), flight()) for port in range(50_000, 50_005)]
    one = follow("--signatures", SIGNATURES)
    tcpdump = ["tcpdump", "-Z", "root", "-U", "-i", PORT, "-G", "1", *compress, "-w", "ring/%s.pcap"]
    words = ["unshare", "--net", "sh", "-c", SETUP, "sh", *tcpdump]
    with subprocess.Popen(words, env=environment, cwd=tmp_path, stderr=subprocess.PIPE) as writer:
        writer.stderr.readline()
        for number, session in enumerate(sessions):
            (tmp_path / "session.pcap").write_bytes(ethernet_file(session))
            replay = ["tcpreplay", "--quiet", "--topspeed", f"--intf1={OTHER_END}", "session.pcap"]
            inside = ["nsenter", "--net", f"--target={writer.pid}"]
            subprocess.run([*inside, *replay], cwd=tmp_path, check=True, capture_output=True)
            wait_for(lambda at=number: one.stdout.count('"phase":"open"') == at + 1, f"flow {number} begins")
            time.sleep(0.7)
        os.kill(writer.pid, signal.SIGINT)
        writer.communicate()
    code, errors = one.end()
    assert code == 130
    assert errors.startswith("netmon: interrupted by SIGINT after ")
    ours = [json.loads(line) for line in one.stdout.splitlines() if '"phase":"end"' in line]
    ports = sorted(event["source"]["port"] for event in ours if "vendor" in event["netmon"])
    assert ports == list(range(50_000, 50_005))
