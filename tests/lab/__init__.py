"""A small network in namespaces: client hosts, a switch with a mirror port, servers in two cities, a sensor.

    client-a ─┐                    ┌─ zurich    198.51.100.10  2001:db8:a::10
    client-b ─┴─ switch ══ router ─┼─ moscow    203.0.113.20   2001:db8:b::20
                  │                └─ resolver  192.0.2.130    (DNS, and servers of no vendor)
                sensor   (all traffic on ══, both directions, once)

All addresses are documentation ranges (RFC 5737, RFC 3849); no packet leaves the namespaces.
"""
