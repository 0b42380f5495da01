"""Pusher protocol 7: a core without sockets, the connections around it, and the HTTP API of server SDKs."""
