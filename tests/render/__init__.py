"""Dashboards drawn with Grafana's own library, and their schema: everything that needs Node."""
