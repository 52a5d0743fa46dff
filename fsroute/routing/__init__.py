"""What the folder tree says: its routes, its faults, and the matcher made from it. Knows no HTTP."""
