"""A second opinion: the same capture read by netmon and by Wireshark's dissectors, and the differences.

`netmon_facts` holds what netmon reads and `wireshark` what tshark reads. Both produce the `facts` that
`compare` compares.
"""
