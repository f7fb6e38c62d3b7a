"""Where an address is: votes with sources, and the rule that makes a place of them.

`locator` collects the votes on an address, `rule` decides, `prefixes` finds the longest network.
A location database is evidence, never the truth; a registration locates nothing.
"""
