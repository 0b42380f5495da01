"""WebSocket frames as nobody should send them, and messages as nobody should write them."""

import json
import random
import struct

ENOUGH = bytes(140_000) + b"\xff" * 40
"""Ends whatever was begun: it fills up any frame that is not too large, and what comes then is no frame."""

ODD_VALUES = (
    "null", "true", "-1", "1e400", "9" * 400, "-9223372036854775809", '""', '"*"', '"\\ud800"', '"\\u0000"',
    '"\\udfff\\ud800"', "[]", "{}", "[null]", "[[[[]]]]", '{"a":{"a":{}}}', '"' + "x" * 5_000 + '"', "0.1",
    "[" * 300 + "]" * 300, '{"a":' * 200 + "1" + "}" * 200, "[" * 7_000, "NaN", '["workflow.*","admin.*"]',
    json.dumps("\u202e\u2066\x7f"), '"#server-to-user-1"', '"private-x"',
    '"presence-cache-' + "y" * 190 + '"',
    '["' + '","'.join(f"t{number}" for number in range(300)) + '"]', '"taskwatch:' + "0" * 64 + '"', '"a-1"',
    '"99999999-99999999999999999999999"', "[1,2,3]", '"' + "\\\\" * 2_000 + '"', '"{\\"user_id\\":1e999}"',
)  # fmt: skip
MESSAGES = {
    "/ws": (
        '{"type":"subscribe","topics":["news"],"after":"abc-1"}', '{"type":"unsubscribe","topics":["news"]}',
        '{"type":"ping"}', '{"type":"publish","data":1}',
    ),
    "/app/taskwatch?protocol=7": (
        '{"event":"pusher:subscribe","data":{"auth":"","channel":"news"}}',
        '{"event":"pusher:subscribe","data":{"auth":"taskwatch:00","channel":"presence-x","channel_data":"{}"}}',
        '{"event":"pusher:unsubscribe","data":{"channel":"news"}}', '{"event":"pusher:ping","data":{}}',
        '{"event":"pusher:signin","data":{"auth":"taskwatch:00","user_data":"{\\"id\\":\\"1\\"}"}}',
        '{"event":"client-x","channel":"private-x","data":{"a":1}}', '{"event":"pusher:pong","data":"{}"}',
    ),
}  # fmt: skip


def frame(payload, *, opcode=1, fin=True, reserved=0, mask=b"\x01\x02\x03\x04", length=None):
    """A frame of a client; every part of it can be wrong. `length` overrides the length that it tells."""
    told = len(payload) if length is None else length
    first, marked = bytes([fin << 7 | reserved << 4 | opcode]), 0x80 if mask else 0
    if told < 126:
        head = first + bytes([marked | told])
    elif told < 65_536:
        head = first + struct.pack("!BH", marked | 126, told)
    else:
        head = first + struct.pack("!BQ", marked | 127, told)
    return head + mask + _masked(payload, mask)


def spoiled_frames(number):
    """The frames of a number: one way to break the rules of RFC 6455, and an end to it."""
    way = WAYS[number % len(WAYS)]
    # Of many answers the last are lost when more comes in than is read.
    return way(random.Random(number)) + (ENOUGH[-40:] if way is _pings else ENOUGH)


def spoiled_message(path, number):
    """The message of a number: text of JSON, as a rule, with something odd in it."""
    dice = random.Random(number)
    text = dice.choice(MESSAGES[path])
    match number % 5:
        case 0:
            return dice.choice(ODD_VALUES)
        case 1:
            place = dice.randrange(len(text))
            return text[:place] + dice.choice('{}[]",:\\0\x00 é\u2028') + text[place + dice.randint(0, 2) :]
        case 2:
            return text[: dice.randrange(len(text))]
        case _:
            document = json.loads(text)
            inner = (
                document["data"]
                if isinstance(document.get("data"), dict) and dice.random() < 0.7
                else document
            )
            inner[dice.choice([*inner, "event", "extra"])] = "@odd@"
            return json.dumps(document).replace('"@odd@"', dice.choice(ODD_VALUES))


def _masked(payload, mask):
    if not mask or mask == bytes(4):
        return payload
    return bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))


def _reserved_bits(dice):
    return frame(b"{}", reserved=dice.randint(1, 7))


def _unknown_opcode(dice):
    return frame(b"{}", opcode=dice.choice((3, 4, 5, 6, 7, 11, 12, 13, 14, 15)))


def _long_control(dice):
    return frame(b"x" * dice.choice((126, 200, 70_000)), opcode=dice.choice((8, 9, 10)), mask=bytes(4))


def _control_in_parts(dice):
    return frame(b"x", opcode=dice.choice((8, 9, 10)), fin=False)


def _no_beginning(dice):
    return frame(b"x" * dice.randrange(100), opcode=0, fin=dice.random() < 0.5)


def _no_end(dice):
    return frame(b"{", fin=False) + frame(b"}", opcode=dice.choice((1, 2)))


def _not_unicode(dice):
    return frame(dice.choice((b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b'"\xf5\x80\x80\x80"', b"\xe2\x82")))


def _not_unicode_in_parts(dice):
    return frame(b"\xe2\x82", fin=False) + frame(dice.choice((b"", b"\xff", b"ab")), opcode=0)


def _too_long(dice):
    return frame(b"x", length=dice.choice((140_000, 2**31, 2**32, 2**40, 2**63 - 1, 2**63, 2**64 - 1)))


def _too_long_in_parts(dice):
    part = frame(bytes(4_000), opcode=0, fin=False, mask=bytes(4))
    return frame(b"", fin=False) + part * dice.choice((5, 40))


def _empty_parts(dice):
    return frame(b"", fin=False) + frame(b"", opcode=0, fin=False) * dice.choice((10, 3_000))


def _odd_close(dice):
    code = dice.choice((0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535))
    return frame(struct.pack("!H", code) + dice.choice((b"", b"\xff", b"x" * 120)), opcode=8)


def _short_close(dice):
    return frame(dice.choice((b"", b"x")), opcode=8)


def _no_mask(dice):
    return frame(b"{}", mask=b"") * dice.randint(1, 3)


def _stray_mask(dice):
    return frame(b'{"type":"ping"}', mask=bytes(4)) + frame(
        b"", mask=b"\xff" * 4, length=dice.randint(1, 125)
    )


def _needless_length(dice):
    return bytes([0x81, 0xFE if dice.random() < 0.5 else 0xFF]) + bytes(7) + b"\x02" + bytes(4) + b"{}"


def _binary(dice):
    return frame(dice.randbytes(dice.randrange(2_000)), opcode=2)


def _compressed(dice):
    return frame(dice.randbytes(60), reserved=4)


def _pings(dice):
    return frame(b"p" * 125, opcode=9) * dice.randint(1, 300)


def _noise(dice):
    return dice.randbytes(dice.randint(1, 400))


def _flipped(dice):
    data = bytearray(frame(b'{"type":"subscribe","topics":["news"]}'))
    for _ in range(dice.randint(1, 4)):
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    return bytes(data)


WAYS = (
    _reserved_bits, _unknown_opcode, _long_control, _control_in_parts, _no_beginning, _no_end, _not_unicode,
    _not_unicode_in_parts, _too_long, _too_long_in_parts, _empty_parts, _odd_close, _short_close, _no_mask,
    _stray_mask, _needless_length, _binary, _compressed, _pings, _noise, _flipped,
)  # fmt: skip
