"""The configuration: its values (`settings`), and how `netmon.yaml` is read (`load`)."""
