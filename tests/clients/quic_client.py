"""An HTTP/3 client: `python -m tests.clients.quic_client NAME` fetches / and prints the status."""

from __future__ import annotations

import asyncio
import ssl
import sys

from aioquic.asyncio import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import QuicEvent


class Request(QuicConnectionProtocol):
    """One connection with one request on it."""

    def quic_event_received(self, event: QuicEvent) -> None:
        """Records the status of the response."""
        for http_event in self.http.handle_event(event):
            if isinstance(http_event, HeadersReceived) and not self.status.done():
                self.status.set_result(dict(http_event.headers)[b":status"].decode())

    async def fetch(self, name: str) -> str:
        """The status of `GET /`."""
        stream = self._quic.get_next_available_stream_id()
        fields = {b":method": b"GET", b":scheme": b"https", b":authority": name.encode(), b":path": b"/"}
        self.http.send_headers(stream, list(fields.items()), end_stream=True)
        self.transmit()
        return await self.status

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Prepares for the response."""
        super().connection_made(transport)
        self.http = H3Connection(self._quic)
        self.status: asyncio.Future[str] = asyncio.get_running_loop().create_future()


async def main(name: str) -> None:
    """Sends one request, without verifying the server."""
    configuration = QuicConfiguration(is_client=True, alpn_protocols=H3_ALPN, verify_mode=ssl.CERT_NONE)
    async with connect(name, 443, configuration=configuration, create_protocol=Request) as request:
        print(await asyncio.wait_for(request.fetch(name), timeout=10))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
