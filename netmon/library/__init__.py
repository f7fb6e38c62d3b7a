"""netmon as a library: capture files → flows with vendor, place and verdict. `netmon` has its names."""
