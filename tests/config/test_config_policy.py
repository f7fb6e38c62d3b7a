"""netmon.yaml: errors in the section `policy`, one line each with file, line and key."""

import pytest

from netmon.config.load import load
from netmon.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "policy: {concerns: {acme: [XX]}}",
            "netmon.yaml:1: policy.concerns.acme: 'XX' is not a country code of ISO 3166-1 (2023-04-05); "
            "did you mean one of AX, CX, MX, SX?",
        ),
        ("policy: {concerns: [RU]}", "netmon.yaml:1: policy.concerns: expected keys and values"),
        (
            "policy: {tolerated: {acme: [UK]}}",
            "netmon.yaml:1: policy.tolerated.acme: 'UK' is not an ISO 3166-1 code: write GB",
        ),
        (
            "policy: {tolerated: {acme: [zurich]}}",
            "netmon.yaml:1: policy.tolerated.acme: 'zurich' is neither a country, such as CH, "
            "nor a group of countries, such as EEA",
        ),
        (
            "policy: {forbidden_severity: alarm}",
            "netmon.yaml:1: policy.forbidden_severity: 'alarm' is not one of notice, warning, critical",
        ),
        (
            "policy: {forbidden_components: {acme: ['*']}}",
            "netmon.yaml:1: policy.forbidden_components.acme: "
            "to forbid every component, use policy.forbidden_vendors",
        ),
        (
            "policy: {tolerated: {'*': EEA}}",
            "netmon.yaml:1: policy.tolerated.*: expected a list",
        ),
        (
            "policy: {forbidden_components: [files]}",
            "netmon.yaml:1: policy.forbidden_components: expected keys and values",
        ),
    ],
)
def test_an_error_is_one_line(tmp_path, text, message):
    """Each says what is expected, and suggests what was meant."""
    file = tmp_path / "netmon.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert str(caught.value).replace(f"{tmp_path}/", "") == message


@pytest.mark.parametrize("word", ["EU", "EEA", "ADEQUACY", "CH", "GB"])
def test_what_is_tolerated_is_a_country_or_a_group(tmp_path, word):
    """Groups have names that no country has; which exist is known with the signatures."""
    file = tmp_path / "netmon.yaml"
    file.write_text(f"policy: {{tolerated: {{'*': [{word}]}}}}", encoding="utf-8")
    config = load(file)
    assert config.policy.tolerated == {"*": frozenset({word})}
    assert [one.group for one in config.mentions] == ([] if word in ("CH", "GB") else [word])
