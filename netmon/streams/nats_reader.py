"""Events from NATS JetStream, by a durable consumer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from netmon.streams import BrokerError
from netmon.streams.nats_broker import connect, require

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.js import JetStreamContext

_MOST = 512
_WAIT_S = 1.0
_AGAIN_AFTER_S = 30.0
"""How long the server waits for an acknowledgement before it gives a message to a reader again."""

Result = TypeVar("Result")


class NatsReader:
    """Reads a subject. All readers of a group share its messages."""

    def __init__(self, url: str, subject: str, group: str, credentials: Path | None = None) -> None:
        """Raises OutputError without the client library."""
        require()
        self._url = url
        self._subject = subject
        self._group = group
        self._credentials = credentials
        self._runner = asyncio.Runner()
        self._client: Client | None = None
        self._consumer: JetStreamContext.PullSubscription | None = None
        self._given: list[Any] = []

    def read(self) -> list[bytes]:
        """The next messages. Raises BrokerError."""
        return self._do(self._read)

    def acknowledge(self) -> None:
        """The server need not give the last messages again. Raises BrokerError."""
        self._do(self._acknowledge)

    def is_drained(self) -> bool:
        """Whether no message waits, also none that another reader was given and did not acknowledge."""
        return self._do(self._is_drained)

    def close(self) -> None:
        """Closes the connection; the next `read` opens a new one."""
        client, self._client, self._consumer = self._client, None, None
        if client is not None:
            self._runner.run(client.close())

    def end(self) -> None:
        """Closes the connection for good."""
        self.close()
        self._runner.close()

    def _do(self, work: Callable[[], Awaitable[Result]]) -> Result:
        async def within() -> Result:
            async with asyncio.timeout(3 * _WAIT_S + 10):
                return await work()

        try:
            return self._runner.run(within())
        except Exception as error:  # the library's errors have no base of their own
            self.close()
            raise BrokerError(self._explain(error)) from error

    async def _opened(self) -> JetStreamContext.PullSubscription:
        from nats.js.api import ConsumerConfig  # noqa: PLC0415

        if self._client is None:
            self._client = await connect(self._url, self._credentials)
        if self._consumer is None:
            settings = ConsumerConfig(ack_wait=_AGAIN_AFTER_S, max_ack_pending=4 * _MOST)
            stream = self._client.jetstream()
            self._consumer = await stream.pull_subscribe(self._subject, self._group, config=settings)
        return self._consumer

    async def _read(self) -> list[bytes]:
        consumer = await self._opened()
        try:
            self._given = await consumer.fetch(_MOST, timeout=_WAIT_S)
        except TimeoutError:
            self._given = []
            if self._client is None or not self._client.is_connected:
                raise
        return [one.data for one in self._given]

    async def _acknowledge(self) -> None:
        for one in self._given:
            await one.ack()
        if self._client is not None:
            await self._client.flush()
        self._given = []

    async def _is_drained(self) -> bool:
        about = await (await self._opened()).consumer_info()
        return not about.num_pending and not about.num_ack_pending

    def _explain(self, error: Exception) -> str:
        from nats.js.errors import NotFoundError  # noqa: PLC0415

        if isinstance(error, NotFoundError):
            return f"no JetStream stream has the subject {self._subject}: create one on the server"
        return str(error) or "no connection, or no answer, in time"
