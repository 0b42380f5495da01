"""A text message as a WebSocket frame: not masked, so the same bytes serve every client."""

PING = b"\x89\x00"


def text_frame(text: str) -> bytes:
    """One whole text message (RFC 6455, section 5.2)."""
    return _frame(0x81, text.encode())


def pong_frame(data: bytes) -> bytes:
    """The answer to a ping; it carries what the ping carried."""
    return _frame(0x8A, data)


def _frame(first: int, data: bytes) -> bytes:
    length = len(data)
    if length < 126:
        return bytes((first, length)) + data
    if length < 65_536:
        return bytes((first, 126)) + length.to_bytes(2) + data
    return bytes((first, 127)) + length.to_bytes(8) + data
