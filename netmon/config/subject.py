"""The section `subject` of `netmon.yaml`: whose traffic is observed."""

from __future__ import annotations

from netmon.config.settings import Mention
from netmon.config.values import parse_network, read_country
from netmon.verdict.policy import Network
from netmon.verdict.subjects import Subjects
from netmon.yaml_nodes import Fields, Item

MAX_INVENTORY = 10**9


def read_subjects(fields: Fields) -> Subjects:
    """The country of the clients, or the countries of their networks; both at once are an error."""
    country = fields.read("country", read_country, None)
    networks = _read_networks(fields["networks"]) if "networks" in fields else {}
    if networks and country is not None:
        fields["country"].report(
            "cannot be given together with subject.networks, whose clients in no listed network have no "
            f"known country: list all other clients as 0.0.0.0/0: {country} and '::/0': {country}"
        )
    return Subjects(None if networks else country, networks)


def _read_networks(item: Item) -> dict[Network, str]:
    networks: dict[Network, str] = {}
    for key, value in item.entries().items():
        network = parse_network(key, value)
        if network is not None and network in networks:
            value.report(f"'{network}' is given twice")
        elif network is not None:
            networks[network] = read_country(value)
    return networks


def read_inventory(fields: Fields, mentions: list[Mention]) -> dict[str, int]:
    """How many clients have a vendor's products, by vendor. The vendors are added to `mentions`."""

    def number(vendor: str, item: Item) -> int:
        mentions.append(Mention(item.where, vendor))
        return item.integer(1, MAX_INVENTORY)

    return fields.table("inventory", number)
