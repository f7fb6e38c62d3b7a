"""A second opinion: the same capture through Wireshark's dissectors, and how the two differ.

`own` is what netmon sees, `wireshark` what tshark sees; both give `facts`, and `compare` holds them together.
"""
