"""What `netmon run` gives up before it captures: root, capabilities, and system calls."""
