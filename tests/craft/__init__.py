"""Packets from nothing: captures whose every byte is known, with the standard library alone.

`packets` builds IP and link layers, `dns` and `tls` what they carry, `talk` conversations in
time, `pcap` the files. Nothing is random: filler comes from a hash of what it stands for.
"""
