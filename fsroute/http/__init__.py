"""What goes in and out of one exchange. Knows no routes and calls no handlers."""
