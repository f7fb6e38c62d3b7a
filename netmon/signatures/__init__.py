"""Who a flow belongs to: vendors as YAML with sources, read strictly, matched by the engine.

`load.load_folder` gives a `model.SignatureSet`; `match.compile_matcher` compiles it for the engine;
`lint`, `explain` and `test` answer the people who write signatures.
"""
