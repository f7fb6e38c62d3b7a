"""Hellos of current clients, recorded against servers in network namespaces."""
