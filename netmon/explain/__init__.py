"""Why a flow has its verdict, in plain sentences: from packets to name, signature, place and verdict.

A chain is told from the event of a flow, for the event is the record of what was known when the flow was
judged. `event` checks such a record, one file tells each part of the chain, and `chain` puts them together.
"""
