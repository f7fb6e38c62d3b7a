"""Signatures of vendors: YAML with sources, read strictly, and compiled for the engine.

`load.load_folder` gives a `model.SignatureSet`; `match.compile_matcher` compiles it for the engine;
`lint`, `explain`, `examples`, `source_dates` and `statistics` help the people who write signatures.
"""
