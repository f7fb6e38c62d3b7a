"""The copyright file of a Debian package: netmon's licence, and those of all that is bundled with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message
from email.parser import Parser
from pathlib import Path
from typing import NamedTuple

from deploy.package.notices import NOTICES, OWN_LICENCE
from deploy.package.tools import BuildError

FORMAT = "https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/"
OWN = "netmon-egress"
COMMON = "On Debian systems, the Apache License 2.0 is in /usr/share/common-licenses/Apache-2.0."
FULL_APACHE = re.compile(
    r"^[^\n]*Apache License\s+Version 2\.0, January 2004.*?END OF TERMS AND CONDITIONS"
    r"(?:\s+APPENDIX: How to apply.*?limitations under the License\.)?",
    re.MULTILINE | re.DOTALL,
)
DATA = """\
Facts about networks and places, under the licences of their sources. Each entry names its source, and each
source its attribution: DB-IP (CC BY 4.0), ip-location-db (CC0 1.0 or CC BY 4.0), iptoasn.com (PDDL 1.0)."""
BORDERS = "The borders of countries come from Natural Earth, which is in the public domain."
CLASSIFIER = "License :: OSI Approved :: "


class Bundled(NamedTuple):
    """A Python package that is bundled with netmon."""

    name: str
    version: str
    licence: str
    home: str
    files: tuple[str, ...]  # of its first level
    texts: tuple[str, ...]


def bundled_packages(packages: Path) -> list[Bundled]:
    """The installed Python packages but netmon, by name. Raises BuildError if one has no licence."""
    found = [_bundled(folder) for folder in sorted(packages.glob("*.dist-info"))]
    return [one for one in found if one.name != OWN]


def copyright_file(packages: Path, where: str) -> str:
    """The text of the file for what is installed in a folder, which users find at `where`."""
    return "\n".join(_stanzas(packages, where))


def _stanzas(packages: Path, where: str) -> Iterator[str]:
    yield f"Format: {FORMAT}\nUpstream-Name: netmon\nSource: https://netmon.example/netmon.git\n"
    own = f"Copyright: The netmon developers\nLicense: {OWN_LICENCE}\n"
    yield f"Files: *\n{own}"
    data = f"{where}/netmon/data"
    yield _stanza(f"{data}/signatures/*", "The netmon developers, and the sources", "location-data", DATA)
    yield _stanza(f"{data}/borders.tsv {data}/outlines.tsv", "None", "public-domain", BORDERS)
    crates = NOTICES.read_text(encoding="utf-8")
    yield _stanza(f"{where}/netmon/_engine.abi3.so", _holders([crates]), "crates-of-the-engine", crates)
    for one in bundled_packages(packages):
        patterns = " ".join(f"{where}/{name}" for name in one.files)
        label = re.sub(r"\s+", "-", f"{one.licence}-of-{one.name}")
        text = "\n\n".join((f"{one.name} {one.version}, {one.home}: {one.licence}", *one.texts))
        yield _stanza(patterns, _holders(one.texts), label, text)
    yield f"License: {OWN_LICENCE}\n{_indented(COMMON)}\n"


def _stanza(files: str, holders: str, label: str, text: str) -> str:
    return f"Files: {files}\nCopyright: {holders}\nLicense: {label}\n{_indented(text)}\n"


def _indented(text: str) -> str:
    """A text as the format wants it; that of the Apache License is on every Debian system."""
    text = FULL_APACHE.sub(COMMON, text)
    lines = (line.rstrip().replace("\t", "    ") for line in text.strip().splitlines())
    return "\n".join(f" {line}" if line else " ." for line in lines)


def _holders(texts: Iterator[str] | list[str] | tuple[str, ...]) -> str:
    """Who holds the copyright, by the licences' own lines."""
    lines = re.findall(
        r"^\W*(Copyright (?:\(c\)|©|\d).*?)\W*$", "\n".join(texts), re.MULTILINE | re.IGNORECASE
    )
    return "\n ".join(dict.fromkeys(line.strip() for line in lines)) or "its authors, see below"


def _bundled(folder: Path) -> Bundled:
    metadata = Parser().parsestr((folder / "METADATA").read_text(encoding="utf-8"))
    name, version = metadata["Name"], metadata["Version"]
    record = (folder / "RECORD").read_text(encoding="utf-8").splitlines()
    names = {line.split("/")[0].split(",")[0] for line in record if not line.startswith("..")}
    files = tuple(f"{one}/*" if (folder.parent / one).is_dir() else one for one in sorted(names))
    texts = tuple(path.read_text(encoding="utf-8").strip() for path in sorted(_licence_files(folder)))
    licence = _licence(metadata)
    if not licence:
        raise BuildError(f"{name} {version} names no licence")
    return Bundled(name, version, licence, _home(metadata), files, texts)


def _licence_files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.is_file() and re.match(r"(LICEN[CS]E|COPYING|NOTICE|AUTHORS)", path.name, re.IGNORECASE):
            yield path


def _licence(metadata: Message) -> str:
    """The licence in a word or an expression: what a package declares, the newest way first."""
    classified = [
        line.removeprefix(CLASSIFIER)
        for line in metadata.get_all("Classifier", [])
        if line.startswith(CLASSIFIER)
    ]
    declared = (metadata["License-Expression"] or metadata["License"] or "").strip()
    if not declared or "\n" in declared:
        declared = " and ".join(classified)
    return declared


def _home(metadata: Message) -> str:
    links = [line.partition(", ")[2] for line in metadata.get_all("Project-URL", [])]
    return metadata["Home-page"] or next(iter(links), f"https://pypi.org/project/{metadata['Name']}/")
