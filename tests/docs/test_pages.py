"""README and the documentation agree with the code and with each other."""

import functools
import os
import re
import subprocess
from pathlib import Path

import pytest

from netmon.outputs.metrics import METRICS
from netmon.records import EVIDENCE, NAMES
from netmon.verdict.severity import DEGREES
from netmon.verdict.table import REASONS, ROWS
from netmon.verdict.wording import MEANINGS
from tests.docs.blocks import DOCUMENTS, ROOT, all_blocks
from tests.machine import NETMON

TEXTS = {document: (ROOT / document).read_text(encoding="utf-8") for document in DOCUMENTS}
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)")


def find_commands():
    """Every netmon command that is shown in a block or within a sentence, without what stands before it."""
    lines = {command.text for block in all_blocks() for command in block.commands}
    for text in TEXTS.values():
        lines.update(re.findall(r"`([^`\n]*\bnetmon [^`\n]*)`", text))
    starts = r"(?:^|&& |\| |sudo |sudo venv/bin/|docker run .*)"
    found = {match[1] for line in lines for match in re.finditer(starts + r"(netmon [^|&#>]*)", line)}
    return sorted(found)


def anchors(document):
    """The headings of a document as links name them."""
    headings = re.findall(r"^#+ (.+)$", TEXTS[document], re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@functools.cache
def help_of(*names):
    """The help of a command and its exit code."""
    done = subprocess.run(
        [*NETMON, *names, "--help"],
        cwd=ROOT,
        env={"PATH": "/usr/bin", "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("command", find_commands())
def test_command_exists(command):
    """Each netmon command that a document shows is one, with all the options that it is shown with."""
    words = command.split()[1:]
    names = [word for word in words[:2] if re.fullmatch(r"[a-z]+", word)]
    options = [word.split("=")[0] for word in words if re.fullmatch(r"--[a-z-]+(=.*)?", word)]
    code, text = help_of(*names[:1])
    assert code == 0
    helps = text + help_of(*names)[1]
    assert [option for option in options if option not in helps] == []


def test_metrics_table_is_the_code():
    """The documentation names each metric with type, labels and meaning as the code does."""
    endings = {"counter": "_total", "info": "_info"}
    rows = []
    for name, (kind, labels, text) in METRICS.items():
        shown = " ".join(map("`{}`".format, labels)) or "–"
        rows.append(f"| `{name}{endings.get(kind, '')}` | {kind} | {shown} | {text} |")
    assert table_after("docs/metrics.md", "| metric | type | labels | meaning |") == rows


def test_evidence_table_is_complete():
    """The documentation explains each kind of evidence, strongest first, and says which give no name."""
    rows = table_after("docs/capture-files.md", "| `netmon.evidence` | the name, or the match, comes from |")
    assert [row.split("`")[1] for row in rows] == list(EVIDENCE)
    nameless = ("one", "two", "three", "four", "five")[len(EVIDENCE) - len(NAMES) - 1]
    assert f"strongest first; the last {nameless} give no name" in TEXTS[Path("docs/capture-files.md")]


def test_verdict_table_is_the_code():
    """The documentation gives each row of the table of verdicts, in its order, as the code does."""
    rows = [f"| {row.when} | {row.outcome} | `{row.reason}` |" for row in ROWS]
    assert table_after("docs/verdicts.md", "| when | verdict | reason |") == rows


def test_severity_table_is_the_code():
    """The documentation gives each line of the table of severities, in its order, as the code does."""
    chosen = {"policy": "as `policy.forbidden_severity` says"}
    rows = [f"| {one.when} | {chosen.get(one.severity, one.severity)} |" for one in DEGREES]
    assert table_after("docs/verdicts.md", "| when (the first line that applies) | severity |") == rows


def test_every_reason_is_explained():
    """The documentation says what each reason means, and those of undecided flows in the code's words."""
    rows = table_after("docs/verdicts.md", "| reason | in words |")
    explained = dict(re.fullmatch(r"\| `(\w+)` \| (.*) \|", row).groups() for row in rows)
    assert set(explained) == set(REASONS)
    assert {reason: explained[reason] for reason in MEANINGS} == dict(MEANINGS)
    assert set(MEANINGS) == {row.reason for row in ROWS if row.outcome == "undecided"}


def test_the_threat_model_names_existing_tests():
    """Each test that the page cites exists."""
    cited = set(re.findall(r"`(test_[a-z_]+)`", TEXTS[Path("docs/threat-model.md")]))
    written = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    assert cited
    assert [name for name in sorted(cited) if f"def {name}(" not in written] == []


def table_after(document, head):
    """The rows of the table with this head."""
    text = TEXTS[Path(document)].partition(f"{head}\n")[2]
    return text.partition("\n\n")[0].splitlines()[1:]


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_links_lead_somewhere(document):
    """Every link within the repository leads to a file that is there, and to a heading that is in it."""
    for path, anchor in LINK.findall(TEXTS[document]):
        target = (ROOT / document).parent / path if path else ROOT / document
        assert target.exists(), path
        if anchor:
            assert anchor in anchors(Path(os.path.relpath(target.resolve(), ROOT))), f"{path}#{anchor}"


def test_index_lists_every_page():
    """The index links to every page of the documentation."""
    index = Path("docs/README.md")
    linked = {path for path, _ in LINK.findall(TEXTS[index])}
    pages = {document.name for document in DOCUMENTS if document.parent == index.parent} - {index.name}
    assert pages <= linked


def test_settings_are_explained():
    """A setting that a page names exists in the configuration file, which explains it."""
    known = settings()
    sections = "|".join(sorted({name.partition(".")[0] for name in known}))
    named = re.compile(rf"`((?:{sections})\.(?!py|rs|yaml)[a-z_]+)`")
    named_by = {str(page): set(named.findall(text)) for page, text in TEXTS.items()}
    assert {page: names - known for page, names in named_by.items() if names - known} == {}


def settings():
    """The keys of the configuration file, as `section.key`."""
    found, section = set(), ""
    for line in (ROOT / "netmon.yaml").read_text(encoding="utf-8").splitlines():
        if match := re.match(r"([a-z]+):", line):
            section = match[1]
        elif match := re.match(r"  ([a-z_]+):", line):
            found.add(f"{section}.{match[1]}")
    return found
