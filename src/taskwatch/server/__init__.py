"""What the daemon shows: REST, SSE, WebSocket and the Pusher protocol, over one table of routes."""
