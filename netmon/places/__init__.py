"""Where an address is: votes from several sources, and the decision that turns them into a place.

`locator` collects the votes on an address and `decision` decides. `prefixes` does the longest-prefix match.
`databases` maintains the location databases of this machine; each is a `database`, whose records `fields`
reads. `providers` knows which sources belong together, and `merged` judges those that are registrations in
part. `declared` holds what the user declares, and `labels` what the user says about databases. `round_trips`
has that of a flow, and keeps the smallest one to each server, across restarts with `round_trips_file`;
`physics` computes what a round trip rules out, with the areas of countries (`borders`).
A location database is evidence, never the truth, and a registration does not locate an address.
"""
