"""An HTTP/3 server: `python -m tests.clients.quic_server CERTIFICATE KEY` answers every request with "hello".

Prints one line, "ready", once it listens on UDP port 443.
"""

from __future__ import annotations

import asyncio
import sys

from aioquic.asyncio import serve
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ProtocolNegotiated, QuicEvent


class Pages(QuicConnectionProtocol):
    """One connection."""

    def quic_event_received(self, event: QuicEvent) -> None:
        """Answers requests once HTTP/3 is negotiated."""
        if isinstance(event, ProtocolNegotiated):
            self._http = H3Connection(self._quic)
        for http_event in self._http.handle_event(event) if hasattr(self, "_http") else ():
            if isinstance(http_event, HeadersReceived):
                headers = [(b":status", b"200"), (b"content-type", b"text/plain")]
                self._http.send_headers(http_event.stream_id, headers)
                self._http.send_data(http_event.stream_id, b"hello", end_stream=True)
                self.transmit()


async def main(certificate: str, key: str) -> None:
    """Serves until killed."""
    configuration = QuicConfiguration(is_client=False, alpn_protocols=H3_ALPN)
    configuration.load_cert_chain(certificate, key)
    await serve("::", 443, configuration=configuration, create_protocol=Pages)
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
