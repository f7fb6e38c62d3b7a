"""Real brokers for the tests: a NATS server, a Kafka cluster inside librdkafka, rsyslog."""

import asyncio
import shutil
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import nats
from confluent_kafka import Consumer
from nats.js.errors import NotFoundError

from tests.machine import need

_KAFKA = """
from confluent_kafka import Producer
import sys
producer = Producer({"test.mock.num.brokers": 1, "log_level": 0})
broker, = producer.list_topics(timeout=10).brokers.values()
print(f"{broker.host}:{broker.port}", flush=True)
sys.stdin.read()
"""


def free_port():
    """A port of this host that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(condition, within_s=20):
    """Waits until a condition holds."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.05)


def is_listening(port):
    """True if a server accepts connections."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class NatsServer:
    """A NATS server with JetStream, which can be stopped and started again with its data."""

    def __init__(self, folder):
        self.port = free_port()
        self.url = f"nats://127.0.0.1:{self.port}"
        self._folder = folder
        self._process = None

    def start(self):
        """Starts the server, and waits until it listens."""
        program = shutil.which("nats-server") or str(Path(sys.executable).with_name("nats-server"))
        words = [program, "-a", "127.0.0.1", "-p", str(self.port), "-js", "-sd", str(self._folder)]
        self._process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: is_listening(self.port))

    def kill(self):
        """Kills the server."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def create_stream(self, subject):
        """A stream that takes a subject."""

        async def create(client):
            await client.jetstream().add_stream(name="EVENTS", subjects=[subject])

        self._run(create)

    def publish_plainly(self, subject, lines):
        """Publishes without ids, so that the server takes every message for a new one."""

        async def publish(client):
            stream = client.jetstream()
            for line in lines:
                await stream.publish(subject, line.encode())

        self._run(publish)

    def stored(self):
        """All messages of the stream, in order."""

        async def read(client):
            found, stream = [], client.jetstream()
            state = (await stream.stream_info("EVENTS")).state
            for number in range(state.first_seq, state.last_seq + 1):
                try:
                    found.append((await stream.get_msg("EVENTS", number)).data)
                except NotFoundError:
                    continue
            return found

        return self._run(read)

    def _run(self, work):
        async def connected():
            client = await nats.connect(self.url)
            try:
                return await work(client)
            finally:
                await client.close()

        return asyncio.run(connected())


class KafkaCluster:
    """A cluster of one broker in a process of its own; killing it loses its data."""

    def __init__(self):
        self._process = subprocess.Popen(
            [sys.executable, "-c", _KAFKA],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.servers = self._process.stdout.readline().strip()

    def pause(self):
        """Stops the broker without closing its connections."""
        self._process.send_signal(19)

    def resume(self):
        """Lets it go on."""
        self._process.send_signal(18)

    def stored(self, topic, count):
        """Messages of a topic until there are so many different ones: keys and values."""
        settings = {"bootstrap.servers": self.servers, "group.id": "test", "auto.offset.reset": "earliest"}
        consumer = Consumer(settings)
        consumer.subscribe([topic])
        found = []
        deadline = time.monotonic() + 30
        while len({key for key, _ in found}) < count and time.monotonic() < deadline:
            message = consumer.poll(0.5)
            if message is not None and message.error() is None:
                found.append((message.key().decode(), message.value()))
        consumer.close()
        return found

    def kill(self):
        """Ends the cluster."""
        self._process.kill()
        self._process.communicate()


class Rsyslog:
    """rsyslog, which writes the messages it receives to a file, one a line."""

    def __init__(self, folder, certificate=None, template="%pri% %programname% %msgid% %msg%"):
        """`certificate`: the files of a certificate and its key, for TLS; `template`: of the lines."""
        need("rsyslogd")
        self._template = template
        self.port = free_port()
        self.file = folder / "received"
        self._folder = folder
        self._certificate = certificate
        self._process = None

    def start(self):
        """Starts the server, and waits until it listens."""
        tls = ""
        driver = ""
        if self._certificate:
            cert, key = self._certificate
            tls = (
                f'global(defaultNetstreamDriver="ossl" defaultNetstreamDriverCAFile="{cert}" '
                f'defaultNetstreamDriverCertFile="{cert}" defaultNetstreamDriverKeyFile="{key}")'
            )
            driver = ' StreamDriver.Name="ossl" StreamDriver.Mode="1" StreamDriver.AuthMode="anon"'
        configuration = f"""
            {tls}
            global(workDirectory="{self._folder}" maxMessageSize="64k")
            module(load="imtcp"{driver})
            module(load="imudp")
            template(name="raw" type="string" string="{self._template}\\n")
            input(type="imtcp" port="{self.port}" address="127.0.0.1")
            input(type="imudp" port="{self.port}" address="127.0.0.1")
            action(type="omfile" file="{self.file}" template="raw")
            """
        path = self._folder / "rsyslog.conf"
        path.write_text(textwrap.dedent(configuration))
        words = ["rsyslogd", "-n", "-f", str(path), "-i", str(self._folder / "pid")]
        self._process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: is_listening(self.port))

    def stop(self):
        """Ends the server in order: it writes what it has received."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None

    def received(self):
        """The lines: priority, program, message id, and the message."""
        return self.file.read_text().splitlines() if self.file.exists() else []


def open_files():
    """Descriptors of this process, to find leaks."""
    return len(list(Path("/proc/self/fd").iterdir()))
