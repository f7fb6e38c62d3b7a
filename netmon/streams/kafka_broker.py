"""Kafka: an idempotent producer, which waits until all replicas have confirmed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from netmon.errors import OutputError, install_command
from netmon.streams import BrokerError, StreamMessage

if TYPE_CHECKING:
    from confluent_kafka import KafkaError

REQUIREMENT = "confluent-kafka>=2.6"
_WAIT_S = 10.0


class KafkaBroker:
    """Produces to a topic. The key of a message is `event.id`, so a compacted topic keeps each event once."""

    def __init__(self, servers: str, topic: str, options: Mapping[str, str]) -> None:
        """`options` are those of librdkafka, such as security.protocol. Raises OutputError."""
        require()
        from confluent_kafka import KafkaException, Producer  # noqa: PLC0415

        settings = {
            "client.id": "netmon",
            "enable.idempotence": True,
            "message.timeout.ms": int(_WAIT_S * 1000),
            "log_level": 0,  # what fails is reported by `publish`
            **options,
            "bootstrap.servers": servers,
        }
        try:
            self._producer = Producer(settings)
        except (KafkaException, ValueError) as error:
            raise OutputError(f"Kafka: {error_text(error)}; check the options") from error
        self._topic = topic

    def publish(self, messages: Sequence[StreamMessage]) -> int:
        """Delivers all messages. Returns how many are larger than the topic accepts; raises BrokerError."""
        from confluent_kafka import KafkaError, KafkaException  # noqa: PLC0415

        failures: list[KafkaError] = []
        refused = 0

        def note(error: KafkaError | None, _message: object) -> None:
            if error is not None:
                failures.append(error)

        for one in messages:
            try:
                self._producer.produce(self._topic, one.line, key=one.id, on_delivery=note)
            except KafkaException as error:
                if error.args[0].code() != KafkaError.MSG_SIZE_TOO_LARGE:
                    raise BrokerError(error_text(error)) from error
                refused += 1
            except BufferError:
                break
        left = self._producer.flush(_WAIT_S + 1)
        lasting = [one for one in failures if one.code() != KafkaError.MSG_SIZE_TOO_LARGE]
        if lasting or left:
            self._producer.purge()
            self._producer.flush(1)
            raise BrokerError(lasting[0].str() if lasting else "no confirmation in time")
        return refused + len(failures)

    def close(self) -> None:
        """Drops what was not confirmed."""
        self._producer.purge()
        self._producer.flush(1)


def require() -> None:
    """Raises OutputError if the client library is missing."""
    try:
        import confluent_kafka  # noqa: F401, PLC0415
    except ImportError as error:
        raise OutputError(
            f"Kafka needs the package confluent-kafka: {install_command(REQUIREMENT)}"
        ) from error


def error_text(error: Exception) -> str:
    """What librdkafka says about an error."""
    first = error.args[0] if error.args else error
    return str(first.str() if hasattr(first, "str") else first)
