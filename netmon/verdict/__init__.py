"""What a flow means: vendor, component, place, view, promises, concerns and policy → one verdict.

`judgement` puts a flow in the terms of one table (`table`), which decides. A second one (`severity`) says how
much a finding matters, and `wording` what the verdict means and what it does not.
"""
