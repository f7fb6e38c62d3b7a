"""Options in groups: what a command gets, and what typer is told."""

import inspect
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from netmon.cli.options import CaptureOptions, ConfigOptions, SourceName, SubjectOptions, grouped
from netmon.errors import ConfigError

RUNNER = CliRunner()


@pytest.fixture
def run():
    """Run a command with these words; the options that it got, and the word."""
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


def test_options_of_a_group_arrive_in_it(run):
    """Each option sets the field of its name."""
    word, options = run("one", "-c", "a.yaml", "--country", "de", "--privacy", "3", "--source", "scapy")
    assert (word, str(options.config), options.country) == ("one", "a.yaml", "de")
    assert (options.privacy, options.source) == (3, SourceName.SCAPY)


def test_a_grouped_command_keeps_its_name_and_help():
    """What typer shows is the command's own docstring."""

    @grouped
    def command(*, options: ConfigOptions) -> None:
        """Does nothing."""

    assert (command.__name__, command.__doc__) == ("command", "Does nothing.")
    assert list(inspect.signature(command).parameters) == ["config", "signatures"]


def test_options_change_the_configuration(tmp_path):
    """The command line wins over the file, and a country is taken in either case."""
    file = tmp_path / "netmon.yaml"
    file.write_text("subject: {country: CH}\n")
    loaded = SubjectOptions(config=file, signatures=tmp_path, country="de").load()
    assert (loaded.signatures, loaded.subject.country) == (tmp_path, "DE")
    assert SubjectOptions(config=file).load().subject.country == "CH"


def test_a_country_that_is_none_is_refused():
    """The error names the option."""
    with pytest.raises(ConfigError, match="--country: 'XYZ' is no country"):
        SubjectOptions(country="xyz").load()
