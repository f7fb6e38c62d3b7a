"""Country codes: those of ISO 3166-1, and what a wrong one may have meant."""

import pytest

from netmon.countries import COUNTRIES, check_country, country_in_text, country_name


def test_all_official_codes_are_known():
    """249 codes of two capital letters, each with a name."""
    assert len(COUNTRIES) == 249
    assert all(len(code) == 2 and code.isupper() and name for code, name in COUNTRIES.items())
    assert [code for code in COUNTRIES if check_country(code)] == []
    assert (country_name("RU"), country_name("DE"), country_name("XK")) == ("Russia", "Germany", "XK")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("XX", "'XX' is not a country code of ISO 3166-1 (2023-04-05); did you mean one of AX, CX, MX, SX?"),
        ("ED", "'ED' is not a country code of ISO 3166-1 (2023-04-05); did you mean 'DE'?"),
        ("DD", "did you mean one of DE, DJ, DK, DM, DO, DZ?"),
        ("SU", "did you mean 'US'?"),
        ("XK", "did you mean one of CK, DK, FK"),
        ("ZZ", "did you mean one of ZA, ZM, ZW?"),
        ("QQ", "did you mean 'QA'?"),
        ("EU", "'EU' is a group of countries"),
        ("UK", "write GB"),
        ("EL", "write GR"),
        ("DEU", "for example DE"),
        ("RUS", "for example RU"),
        ("switzerland", "for example CH"),
        ("Swizerland", "for example CH"),
        ("Untied States", "for example US"),
        ("de", "for example DE"),
        ("9!", "for example DE"),
        ("", "for example DE"),
    ],
)
def test_a_wrong_code_gets_a_suggestion(text, words):
    """By exchanged letters, one wrong letter, a name, or three letters."""
    assert words in str(check_country(text))


def test_names_have_their_article_in_a_sentence():
    """As English has it: the Netherlands, the United States, the Cook Islands; but Germany."""
    codes = ("NL", "US", "CK", "CZ", "DE", "XX")
    names = [
        "the Netherlands",
        "the United States",
        "the Cook Islands",
        "the Czech Republic",
        "Germany",
        "XX",
    ]
    assert [country_in_text(code) for code in codes] == names
