"""The language follows the locale of the environment, as other programs do."""

import pytest

from netmon.language.locale import language_of


@pytest.mark.parametrize(
    ("environment", "code"),
    [
        ({}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "de"),
        ({"LANG": "de_AT"}, "de"),
        ({"LANG": "de"}, "de"),
        ({"LANG": "de-CH"}, "de"),
        ({"LANG": "de@euro"}, "de"),
        ({"LANG": "DE_de.ISO8859-1"}, "de"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "POSIX"}, "en"),
        ({"LANG": "fr_FR.UTF-8"}, "en"),
        ({"LANG": "den_XX.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "de_DE.UTF-8"}, "de"),
        ({"LANG": "de_DE.UTF-8", "LC_MESSAGES": "C"}, "en"),
        ({"LANG": "C", "LC_MESSAGES": "C", "LC_ALL": "de_DE.UTF-8"}, "de"),
        ({"LANG": "de_DE.UTF-8", "LC_ALL": "", "LC_MESSAGES": ""}, "de"),
        ({"LC_TIME": "de_DE.UTF-8", "LC_CTYPE": "de_DE.UTF-8"}, "en"),
    ],
)
def test_language_of_a_locale(environment, code):
    """LC_ALL overrules LC_MESSAGES, and both overrule LANG; what has no catalogue is English."""
    assert language_of(environment) == code
