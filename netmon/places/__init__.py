"""Where an address is: votes from sources, and the rule that weighs them."""
