"""Stores with the events of example flows."""

import io
import json

import pytest

from netmon.outputs.events import Events
from netmon.outputs.observer import Observer
from netmon.privacy import ADDRESS, Privacy
from netmon.store.intake import Intake
from netmon.store.sqlite import MEMORY, SqliteStore

OBSERVER = Observer("berlin", "Adlershof", "cafe")
CONDITIONS = {"version": "1.2.3", "signatures": {"sha256": "c0" * 32}, "privacy_level": ADDRESS}
"""Of a run."""


def lines_of(*flows, observer=OBSERVER, level=ADDRESS):
    """The lines of the flows' events, updates included."""
    stream = io.StringIO()
    events = Events(stream, Privacy(level, bytes(32)), {}, observer, with_updates=True)
    for flow in flows:
        events.flow(flow)
    return stream.getvalue().splitlines()


def events_of(*flows, **options):
    """The flows' events."""
    return [json.loads(line) for line in lines_of(*flows, **options)]


@pytest.fixture
def store():
    with_memory = SqliteStore(MEMORY)
    yield with_memory
    with_memory.close()


@pytest.fixture
def keep(store):
    """Stores the events of flows."""

    def keep(*flows, **options):
        intake = Intake(store, "memory")
        for line in lines_of(*flows, **options):
            intake.write(line)
        intake.flush()

    return keep
