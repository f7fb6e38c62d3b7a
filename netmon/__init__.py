"""netmon: where the traffic to a vendor's cloud really ends.

Rust looks at packets (`netmon._engine`), Python decides what they mean.
ARCHITECTURE.md describes the modules on one page.
"""
