"""A flow without its judgement: the store is damaged, or its server gets events meanwhile."""

from contextlib import closing

import pytest

from netmon.errors import ReportError
from netmon.report.gather import gather
from netmon.store.queries import Scope
from tests.report.recorded import store_of
from tests.report.test_gather import flow, run


def test_a_store_without_its_judgements_is_an_error():
    """It is damaged, and a report from it would be wrong."""
    store = store_of(run(flow(1)))
    store.execute("DELETE FROM judgements")
    with pytest.raises(ReportError, match="the store lacks judgement"):
        gather(store, Scope())
    store.close()


def test_a_judgement_that_comes_meanwhile_is_found():
    """A server has no transaction around a report, and sensors go on storing."""

    class Late:
        """Has no judgements when it is asked first."""

        def __init__(self, store):
            self._store, self.dialect, self._asked = store, store.dialect, 0

        def select(self, query, values=()):
            """As the store; without judgements at first."""
            is_late = "judgements" in query and not self._asked
            self._asked += is_late
            return iter(()) if is_late else self._store.select(query, values)

    with closing(store_of(run(flow(1)))) as store:
        late = gather(Late(store), Scope())
        assert late == gather(store, Scope())
        assert late.groups
