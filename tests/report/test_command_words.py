"""The words of the commands that a report prints: they can be copied, whatever the names are."""

import html
import json
import os
import re
import shutil
import subprocess

import pytest

from netmon.report.checks import checks_of
from netmon.signatures.folder import default_folder
from tests.evidence.test_findings import netmon
from tests.report.test_commands import DEMO, commands, run


@pytest.mark.parametrize("name", ["-o.pcap", "a b.pcap", "it's $HOME.pcap", "&amp;<b>.pcap", "a/*.pcap"])
def test_odd_names_of_files(name, tmp_path, monkeypatch):
    """Commands can be copied as they are, whatever the names of files and folders."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a").mkdir()
    shutil.copy(DEMO, tmp_path / name.replace("*", "one"))
    (tmp_path / "c d.yaml").write_text("subject:\n  country: DE\n")
    words = [
        "--config",
        "c d.yaml",
        "--signatures",
        default_folder(),
        "--privacy",
        0,
        "--vendor",
        "kaspersky",
    ]
    page, again = (
        netmon("report", *words, "--format", kind, "-o", "-", "--", name)[1] for kind in ("html", "json")
    )
    found = commands(page)
    assert {"--config", "--signatures", "--privacy", "--vendor"} <= set(found[0])
    assert found[-2][-1] == name
    assert json.loads(run(found[-1]))["rows"] == json.loads(again)["rows"]
    assert run(next(one for one in found if "time" in one)).count("\n") > 20


def test_a_name_that_is_no_text(tmp_path, monkeypatch):
    """A page is text; its commands have the bytes of the name in a form that shells read."""
    monkeypatch.chdir(tmp_path)
    name = os.fsdecode(b"it's caf\xe9\\\xe2\x80\xae.pcap")
    shutil.copy(DEMO, tmp_path / name)
    page, again = (netmon("report", "--format", kind, "-o", "-", name)[1] for kind in ("html", "json"))
    command = html.unescape(re.search("netmon report --table rows [^<]*", page)[0])
    printed = subprocess.run(
        ["bash", "-c", f"printf %s {command.partition('rows ')[2]}"], capture_output=True, check=True
    )
    assert printed.stdout == os.fsencode(name)
    assert json.loads(again)["asked"][-1].encode().startswith(b"it's caf\\udce9\\\\u202e")


def test_a_table_is_csv(tmp_path):
    """It goes to standard output, or to a file, and is no page."""
    target = tmp_path / "t.csv"
    assert netmon("report", DEMO, "--table", "time", "-o", target) == (0, "", "")
    assert netmon("report", DEMO, "--table", "time")[1] == target.read_bytes().decode().replace("\r\n", "\n")
    for wrong in (["--format", "html"], ["-o", tmp_path / "t.PDF"]):
        code, _, problem = netmon("report", DEMO, "--table", "time", *wrong)
        assert code == 2
        assert "a table is written as CSV" in problem


def test_standard_input_has_no_second_reading():
    """Wireshark cannot read what is gone, so the command has the word FILE."""
    assert checks_of(["netmon", "report"], ["-"])["second"] == "netmon verify FILE"
