"""The adapter accepts the pyshark whose private parts it relies on, and no other."""

import re
from importlib import metadata
from pathlib import Path

import pyshark
import pytest
from packaging.requirements import Requirement

import netmon
from netmon.errors import VerifyError, install_command
from netmon.verify import pyshark_adapter
from netmon.verify.pyshark_adapter import REPLACED, REQUIREMENT, SERIES, USED, check, load_capture

PACKAGE = Path(netmon.__file__).parent


def test_the_installed_pyshark_is_supported():
    """A failure here names the version or the methods that another pyshark brought."""
    check(pyshark.FileCapture, metadata.version("pyshark"))


@pytest.mark.parametrize("version", ["0.5.3", "0.7", "0.60.1", "1.0.6"])
def test_another_version_is_refused(version):
    """The error names the installed version, the supported one, and the command that installs it."""
    with pytest.raises(VerifyError) as raised:
        check(pyshark.FileCapture, version)
    assert str(raised.value) == (
        f"pyshark {version} is installed, but verify works with pyshark 0.6 only; "
        f"install it with: {install_command(REQUIREMENT)}"
    )


def test_the_requirement_is_the_supported_series():
    """What the error tells the user to install is what the adapter accepts."""
    versions = Requirement(REQUIREMENT).specifier
    assert [each for each in ("0.5.3", SERIES, f"{SERIES}.9", "0.7") if each in versions] == ["0.6", "0.6.9"]


@pytest.mark.parametrize("name", REPLACED)
def test_a_changed_method_is_refused(name):
    """The error names a private method that has other parameters than the one that the adapter replaces."""
    changed = type("FileCapture", (pyshark.FileCapture,), {name: lambda self, other: other})
    with pytest.raises(VerifyError, match=f"pyshark 0.6 differs .*, in {name}; install it again with: "):
        check(changed, "0.6")


def test_a_missing_method_is_refused():
    """The error names all private methods that are gone."""
    with pytest.raises(VerifyError) as raised:
        check(object, "0.6")
    assert f", in {', '.join(REPLACED)}; " in str(raised.value)


@pytest.mark.parametrize("name", USED)
def test_a_missing_attribute_is_refused(monkeypatch, name):
    """The error names a private attribute that a new capture lacks; nothing has been started by then."""

    class Changed(pyshark.FileCapture):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            self._kept = self.__dict__.pop(name)

        def __del__(self):
            pass  # pyshark's own uses the attribute

    monkeypatch.setattr(pyshark, "FileCapture", Changed)
    words = {"tshark_path": "tshark", "tshark_version": "4.0.17", "settings": "", "output": None}
    with pytest.raises(VerifyError, match=f", in {name}; "):
        load_capture()(__file__, eventloop=object(), **words)


def test_only_the_adapter_imports_pyshark():
    """No other file of netmon depends on pyshark, so a new version concerns one file."""
    imports = re.compile(r"^\s*(?:import|from)\s+pyshark\b", re.MULTILINE)
    found = [path for path in PACKAGE.rglob("*.py") if imports.search(path.read_text(encoding="utf-8"))]
    assert found == [Path(pyshark_adapter.__file__)]
