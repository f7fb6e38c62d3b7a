"""Builds what users install: a wheel, a Debian package with manual pages and completion, and releases."""
