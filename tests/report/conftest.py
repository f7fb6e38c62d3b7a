"""The templates of reports, compiled once for all tests."""

from collections import defaultdict

import jinja2
import pytest

from netmon.report import page


class Compiled(jinja2.BytecodeCache):
    """What was compiled in this process, as long as the template has the same text."""

    def __init__(self):
        self._code = {}

    def load_bytecode(self, bucket):
        """Gives the code of a template, if it is there."""
        if bucket.key in self._code:
            bucket.bytecode_from_string(self._code[bucket.key])

    def dump_bytecode(self, bucket):
        """Keeps the code of a template."""
        self._code[bucket.key] = bucket.bytecode_to_string()


@pytest.fixture(scope="session", autouse=True)
def _templates_are_compiled_once():
    """A command writes one page, so it has no need for this; the tests write hundreds."""
    make, compiled = page.environment, defaultdict(Compiled)  # words may be in the code, so by language

    def environment(language, locations):
        made = make(language, locations)
        made.bytecode_cache = compiled[language.code]
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page, "environment", environment)
        yield
