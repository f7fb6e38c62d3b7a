"""Groups of options: the values that a command gets, and the signature for typer."""

import inspect
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from netmon.cli.grouping import grouped
from netmon.cli.options import CaptureOptions, ConfigOptions, SourceName, SubjectOptions
from netmon.errors import ConfigError

RUNNER = CliRunner()


@pytest.fixture
def run():
    """Run a command with these arguments; its own argument and its group of options."""
    seen = []
    app = typer.Typer()

    @app.command()
    @grouped
    def command(word: Annotated[str, typer.Argument()], *, options: CaptureOptions) -> None:
        """Does nothing."""
        seen.append((word, options))

    def run(*words):
        result = RUNNER.invoke(app, words)
        assert result.exit_code == 0, result.output
        return seen[-1]

    return run


def test_a_group_has_its_defaults(run):
    """A command without options gets the group's defaults."""
    assert run("one") == ("one", CaptureOptions())


def test_options_set_the_fields_of_the_group(run):
    """Each option sets the field of its name."""
    word, options = run("one", "-c", "a.yaml", "--country", "de", "--privacy", "3", "--source", "scapy")
    assert (word, str(options.config), options.country) == ("one", "a.yaml", "de")
    assert (options.privacy, options.source) == (3, SourceName.SCAPY)


def test_a_grouped_command_keeps_its_name_and_help():
    """Name and docstring are kept for typer, and the group becomes parameters."""

    @grouped
    def command(*, options: ConfigOptions) -> None:
        """Does nothing."""

    assert (command.__name__, command.__doc__) == ("command", "Does nothing.")
    assert list(inspect.signature(command).parameters) == ["config", "signatures"]


def test_options_change_the_configuration(tmp_path):
    """The command line takes precedence over the file; a country may be in lower case."""
    file = tmp_path / "netmon.yaml"
    file.write_text("subject: {country: CH}\n")
    loaded = SubjectOptions(config=file, signatures=tmp_path, country="de").load()
    assert (loaded.signatures, loaded.subjects.country) == (tmp_path, "DE")
    assert SubjectOptions(config=file).load().subjects.country == "CH"


def test_an_invalid_country():
    """The error message has the option."""
    with pytest.raises(ConfigError, match="--country: 'xyz' is not a country code"):
        SubjectOptions(country="xyz").load()
