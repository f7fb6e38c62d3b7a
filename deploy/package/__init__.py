"""Builds what users install: a wheel and a Debian package, with its manual pages and completion."""
