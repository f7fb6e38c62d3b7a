"""The language in which people read netmon: texts, numbers and times, from one catalogue for all outputs.

What machines read, such as JSON, CSV, metrics and logs, is English in every language.
"""
