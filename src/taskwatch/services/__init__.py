"""The daemon's loops and what they share: the database behind threads, the hub, the relay, the watch."""
