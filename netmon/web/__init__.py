"""The sensor's web server: metrics, health and reload, over TLS and behind passwords where that is wanted.

`server` listens and answers, `config` reads the exporter-toolkit's `web.config.yml`, `guard` lets in
whom that file lets in.
"""
