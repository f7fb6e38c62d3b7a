"""Compressed captures that end too early, as after a crash or a full disk: what is complete is read."""

import bz2
import gzip
import lzma
import random
import struct

import pytest

from netmon._engine import Matcher
from netmon.errors import SourceError
from netmon.sources.files import FileSource

PACKETS, LENGTH = 2_000, 1_000
HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 1)
CODECS = {"gz": (gzip.compress, 0.02), "xz": (lzma.compress, 0.001), "bz2": (bz2.compress, 0.5)}
"""How each is compressed, and the share of the rest that may be lost: that of its largest block."""


@pytest.fixture(scope="module")
def capture():
    """Packets that cannot be compressed."""
    noise = random.Random(15)
    records = (
        struct.pack("<IIII", number, 0, LENGTH, LENGTH) + noise.randbytes(LENGTH) for number in range(PACKETS)
    )
    return HEADER + b"".join(records)


def read(file):
    """The packets that are read, and the problems."""
    source = FileSource([str(file)], Matcher([], [], []))
    for _batch in source.batches():
        pass
    return source.stats()["packets"], source.problems


@pytest.mark.parametrize("ending", CODECS)
def test_what_is_complete_is_read(capture, tmp_path, ending):
    """The packets before the cut, up to the codec's last block, and one line that says where it ended."""
    compress, loss = CODECS[ending]
    packed = compress(capture)
    file = tmp_path / f"cut.pcap.{ending}"
    file.write_bytes(packed[: len(packed) * 6 // 10])
    packets, [problem] = read(file)
    assert PACKETS * (0.6 - loss) < packets <= PACKETS * 0.6
    assert f"after {packets} complete packets" in problem


def test_a_cut_xz_file_gives_what_its_bytes_determine(tmp_path):
    """All but what the last bytes add, which the decoder needs to see ahead; also within the first block."""
    length, in_sight = 60, 20
    records = (
        struct.pack("<IIII", number, 0, length, length) + b"%060d" % (number % 977) for number in range(9_000)
    )
    packed = lzma.compress(HEADER + b"".join(records))
    file = tmp_path / "cut.pcap.xz"

    def determined(size):
        plain = lzma.LZMADecompressor().decompress(packed[:size])
        return (len(plain) - len(HEADER)) // (16 + length)

    for cut in range(200, len(packed) - 100, 331):
        file.write_bytes(packed[:cut])
        packets, [problem] = read(file)
        assert determined(cut - in_sight) <= packets <= determined(cut)
        assert "unexpected end of file" in problem
    assert determined(200) > 0


@pytest.mark.parametrize("ending", ["xz", "bz2"])
def test_without_a_complete_block_the_reason_is_told(tmp_path, ending):
    """In the same words for each codec."""
    file = tmp_path / f"cut.pcap.{ending}"
    file.write_bytes(CODECS[ending][0](HEADER + bytes(5_000))[:40])
    with pytest.raises(SourceError, match=r": unexpected end of file$"):
        list(FileSource([str(file)], Matcher([], [], [])).batches())
