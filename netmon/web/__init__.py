"""The sensor's web server: metrics, health and reload, optionally with TLS and passwords.

`server` serves requests, `config` reads the exporter-toolkit's `web.config.yml`, and `guard` enforces it.
"""
