"""Times that the tests of the web server wait for."""

SOON_S = 30.0
"""How long a client waits for a response: on a busy machine, longer than any takes."""

IDLE_S = 20 * SOON_S
"""How long the servers of the tests tolerate an idle client: no test waits for its end."""
