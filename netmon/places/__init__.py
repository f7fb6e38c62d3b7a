"""Where an address is: votes from several sources, and the decision that turns them into a place.

`locator` collects the votes on an address and `decision` decides. `prefixes` does the longest-prefix match.
`databases` maintains the location databases of this machine; each is a `database`, whose records `fields`
reads. `providers` knows which sources belong together, and `merged` judges those that are registrations in
part. `declared` holds what the user declares, and `labels` what the user says about databases. `round_trips`
keeps the smallest round trip to each address; `physics` computes what it rules out.
A location database is evidence, never the truth, and a registration does not locate an address.
"""
