"""Events from Kafka, by a consumer group whose offsets are committed after the store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from netmon.errors import OutputError
from netmon.streams import BrokerError
from netmon.streams.kafka_broker import error_text, require

if TYPE_CHECKING:
    from confluent_kafka import Consumer, TopicPartition

_MOST = 512
_WAIT_S = 1.0
_AWAY_AFTER_S = 10.0


class KafkaReader:
    """Reads a topic. All readers of a group share its partitions."""

    def __init__(self, servers: str, topic: str, group: str, options: Mapping[str, str]) -> None:
        """`options` are those of librdkafka. Raises OutputError."""
        require()
        self._topic = topic
        self._settings = {
            "client.id": "netmon",
            "auto.offset.reset": "earliest",
            "log_level": 0,  # what fails is raised
            **options,
            "bootstrap.servers": servers,
            "group.id": group,
            "enable.auto.commit": False,
            "enable.partition.eof": True,
        }
        self._consumer: Consumer | None = None
        self._ends: set[int] = set()
        self._after: dict[int, int] = {}
        self._opened()

    def read(self) -> list[bytes]:
        """The next messages. Raises BrokerError."""
        from confluent_kafka import KafkaError, KafkaException  # noqa: PLC0415

        consumer = self._opened()
        try:
            messages = consumer.consume(_MOST, _WAIT_S)
            if not messages:
                consumer.list_topics(self._topic, _AWAY_AFTER_S)  # an absent broker gives no messages either
        except KafkaException as error:
            raise BrokerError(error_text(error)) from error
        lines = []
        for one in messages:
            fault = one.error()
            partition, offset = one.partition(), one.offset()
            if fault is None and partition is not None and offset is not None:
                lines.append(one.value() or b"")
                self._ends.discard(partition)
                self._after[partition] = offset + 1
            elif fault is not None and fault.code() == KafkaError._PARTITION_EOF and partition is not None:
                self._ends.add(partition)
            elif fault is not None:
                raise BrokerError(fault.str())
        return lines

    def acknowledge(self) -> None:
        """Commits the offsets after the last messages. Raises BrokerError."""
        from confluent_kafka import KafkaException, TopicPartition  # noqa: PLC0415

        offsets = [TopicPartition(self._topic, number, offset) for number, offset in self._after.items()]
        try:
            self._opened().commit(offsets=offsets, asynchronous=False)
        except KafkaException as error:
            raise BrokerError(error_text(error)) from error
        self._after = {}

    def is_drained(self) -> bool:
        """Whether the end of each partition was reached."""
        numbers = {one.partition for one in self._opened().assignment()}
        return bool(numbers) and numbers <= self._ends

    def close(self) -> None:
        """Leaves the group; the next `read` joins it at the offsets that were committed."""
        consumer, self._consumer = self._consumer, None
        self._ends, self._after = set(), {}
        if consumer is not None:
            consumer.close()

    def end(self) -> None:
        """Leaves the group for good."""
        self.close()

    def _opened(self) -> Consumer:
        from confluent_kafka import Consumer, KafkaException  # noqa: PLC0415

        def forget(_consumer: Consumer, _partitions: list[TopicPartition]) -> None:
            self._ends, self._after = set(), {}

        if self._consumer is None:
            try:
                self._consumer = Consumer(self._settings)
                self._consumer.subscribe([self._topic], on_assign=forget, on_revoke=forget)
            except (KafkaException, ValueError) as error:
                raise OutputError(f"Kafka: {error_text(error)}; check the options") from error
        return self._consumer
