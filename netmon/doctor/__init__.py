"""What `netmon doctor` finds out: `facts` gathers, and `checks` judges what was gathered."""
