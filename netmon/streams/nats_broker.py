"""NATS JetStream: every message is confirmed, and one that is delivered twice is stored once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netmon.errors import OutputError, install_command
from netmon.streams import BrokerError, StreamMessage

if TYPE_CHECKING:
    from nats.aio.client import Client

REQUIREMENT = "nats-py>=2.9"
_WAIT_S = 5.0


class NatsBroker:
    """Publishes to a subject that a JetStream stream takes; `event.id` is the message's `Nats-Msg-Id`."""

    def __init__(self, url: str, subject: str, credentials: Path | None = None) -> None:
        """Raises OutputError without the client library."""
        require()
        self._url = url
        self._subject = subject
        self._credentials = credentials
        self._runner = asyncio.Runner()
        self._client: Client | None = None

    def publish(self, messages: Sequence[StreamMessage]) -> int:
        """Delivers all messages. Returns how many are larger than the server accepts; raises BrokerError."""
        try:
            return self._runner.run(self._publish(messages))
        except Exception as error:  # the library's errors have no base of their own
            self._disconnect()
            raise BrokerError(self._explain(error)) from error

    def close(self) -> None:
        """Closes the connection for good."""
        self._disconnect()
        self._runner.close()

    def _disconnect(self) -> None:
        """The next `publish` opens a new connection."""
        if self._client is not None:
            client, self._client = self._client, None
            self._runner.run(client.close())

    async def _publish(self, messages: Sequence[StreamMessage]) -> int:
        if self._client is None:
            self._client = await connect(self._url, self._credentials)
        client = self._client
        stream = client.jetstream(timeout=_WAIT_S)
        fitting = [one for one in messages if len(one.line) < client.max_payload]
        await asyncio.gather(
            *(stream.publish(self._subject, one.line, headers={"Nats-Msg-Id": one.id}) for one in fitting)
        )
        return len(messages) - len(fitting)

    def _explain(self, error: Exception) -> str:
        from nats.js.errors import NoStreamResponseError  # noqa: PLC0415

        if isinstance(error, NoStreamResponseError):
            return f"no JetStream stream takes the subject {self._subject}: create one on the server"
        return str(error) or "no connection, or no confirmation, in time"


async def connect(url: str, credentials: Path | None) -> Client:
    """A connection that does not try again by itself. Raises the library's errors."""
    import nats  # noqa: PLC0415

    async def ignore(_error: Exception) -> None:
        """The library would log a traceback; what fails is raised to the caller as well."""

    more: dict[str, Any] = {} if credentials is None else {"user_credentials": str(credentials)}
    async with asyncio.timeout(_WAIT_S):  # the library's own is for one attempt
        return await nats.connect(
            url,
            name="netmon",
            allow_reconnect=False,
            max_reconnect_attempts=1,
            error_cb=ignore,
            **more,
        )


def require() -> None:
    """Raises OutputError if the client library is missing."""
    try:
        import nats  # noqa: F401, PLC0415
    except ImportError as error:
        raise OutputError(f"NATS needs the package nats-py: {install_command(REQUIREMENT)}") from error
