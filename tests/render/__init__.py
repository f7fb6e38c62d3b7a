"""Dashboards drawn with Grafana's own library, and the schema that it gives: what needs Node."""
