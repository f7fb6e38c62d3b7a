"""How clients are shown, and who can find out which client a pseudonym stands for.

`levels` applies a privacy level, `periods` names the periods in which clients are counted. `key_file` reads,
makes and replaces the secret key; `identification` finds the address of a pseudonym, which
`identification_log` records.
"""

from netmon.privacy.levels import ADDRESS, NETWORK, NOTHING, PSEUDONYM, Privacy

__all__ = ["ADDRESS", "NETWORK", "NOTHING", "PSEUDONYM", "Privacy"]
