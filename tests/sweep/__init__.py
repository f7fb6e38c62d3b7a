"""netmon and tshark over any number of captures, and what they read differently, grouped by kind."""
