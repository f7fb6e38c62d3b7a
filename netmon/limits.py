"""How large the engine's tables may become, and when flows time out."""

from __future__ import annotations

from msgspec import Struct


class Limits(Struct, frozen=True):
    """Sizes of the engine's tables, and the timeouts of flows."""

    max_flows: int = 1_000_000
    max_names: int = 200_000
    max_heads: int = 20_000
    max_head_bytes: int = 65_536
    max_idle_connections: int = 100_000
    tcp_idle_s: int = 300
    udp_idle_s: int = 60
    duplicate_window_ms: int = 50

    def keywords(self) -> dict[str, int]:
        """Keyword arguments for the engine's constructors."""
        return {name: getattr(self, name) for name in self.__struct_fields__}
