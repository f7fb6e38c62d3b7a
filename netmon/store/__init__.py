"""The store: the record of what was seen and decided, in a database that outlives the run.

An event goes in (`rows`), and answers come out (`queries`); nothing else reads or writes it.
"""
