"""What a running sensor sees, on a screen that keeps itself up to date: `netmon top`.

A sensor's metrics become a `Glance`; glances and keys become a `TopState`; a state becomes lines, which `cli`
puts on a terminal. Only `sensor_page` knows a network, and only `records_reader` a store.
"""
