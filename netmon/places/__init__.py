"""Where an address is: votes with sources, and the rule that makes a place of them.

`locator` collects the votes on an address, `rule` decides, `prefixes` finds the longest network;
`databases` keeps the location databases of this machine, each a `database` whose records `fields` reads;
`makers` knows who stands behind a source; `round_trips` remembers how soon it answered, `physics` says what
that rules out.
A location database is evidence, never the truth; a registration locates nothing.
"""
