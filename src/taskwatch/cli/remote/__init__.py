"""A client of a taskwatch server: where it is, what it says, and its stream of events."""
