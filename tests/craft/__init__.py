"""Crafted packets: captures in which every byte is known, made with the standard library alone.

`packets` builds the link and IP layers, `dns` and `tls` their payloads, `talk` conversations with
timing, `pcap` the files. Nothing is random: filler bytes are a hash of their label.
"""
