"""Evidence for findings: the packets that name and judge a flow, what they show, and how to judge them again.

`recorder` writes it, `chain` links what was written, `reproduction` judges a file again.
"""
