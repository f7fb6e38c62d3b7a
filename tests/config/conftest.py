"""A configuration with a given text, and the errors in it."""

import pytest

from netmon.config.load import load
from netmon.errors import ConfigError


@pytest.fixture
def file(tmp_path):
    """A configuration file with this text."""

    def file(text):
        path = tmp_path / "netmon.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return file


@pytest.fixture
def read(file):
    """Load a configuration with this text."""
    return lambda text: load(file(text))


@pytest.fixture
def errors(read, tmp_path):
    """The messages that a configuration with this text gives, without the folder's name."""

    def errors(text):
        with pytest.raises(ConfigError) as caught:
            read(text)
        return str(caught.value).replace(f"{tmp_path}/", "").splitlines()

    return errors
