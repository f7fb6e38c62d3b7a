"""Groups of options: the values that a command gets."""

import click
import pytest
from click.testing import CliRunner

from netmon.cli.grouping import grouped
from netmon.cli.options import CaptureOptions, ConfigOptions, SourceName, SubjectOptions
from netmon.cli.run_options import SensorOptions
from netmon.errors import ConfigError

RUNNER = CliRunner()


@pytest.fixture
def run():
    """Run a command with these arguments; its own argument and its group of options."""
    seen = []

    @click.command()
    @click.argument("word")
    @grouped(CaptureOptions)
    def command(word, options):
        """Does nothing."""
        seen.append((word, options))

    def run(*words):
        result = RUNNER.invoke(command, words)
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
    """Name and docstring are kept, and the options stand behind those of the command, in their order."""

    @click.command()
    @click.option("--own")
    @grouped(ConfigOptions)
    def command(own, options):
        """Does nothing."""

    assert (command.name, command.help) == ("command", "Does nothing.")
    assert [one.name for one in command.params] == ["own", "config", "signatures"]


def test_every_field_of_a_group_has_its_option():
    """In its order, and with its default; SensorOptions has nearly all of them."""
    seen = []

    @click.command()
    @grouped(SensorOptions)
    def command(options):
        """Does nothing."""
        seen.append(options)

    assert [one.name for one in command.params] == list(SensorOptions.__struct_fields__)
    assert RUNNER.invoke(command, []).exit_code == 0
    assert seen == [SensorOptions()]


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
