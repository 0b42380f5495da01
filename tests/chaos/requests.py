"""Valid requests for every route, and ways to spoil them: the same number gives the same bytes."""

import json
import random
import re
import time
import zlib
from urllib.parse import quote, urlencode

from taskwatch.server.app import ROUTES
from taskwatch.server.policy import Policy
from taskwatch.server.pusher.signing import sign_request

PIECES = {
    "task": "ADV_REVIEW_BC114", "workflow": "bc.114", "type": "bc", "user": "2", "role": "driver",
    "token": "nobody", "taskable_type": "Order", "id": "114", "noun": "adv", "action": "approve",
    "subject": "114", "key": "taskwatch", "app": "1", "channel": "presence-news", "mute": "1",
    "link": "unread", "version": "1", "file": "base.css",
}  # fmt: skip
QUERIES = {
    "/events": "topic=news&after=abc-1",
    "/app/{key}": "protocol=7&client=js&version=8.6.0",
    "/api/v1/tasks": "status=ready&limit=2",
    "/api/v1/check": "warning=exceeded%3D3",
    "/api/v1/tasks/{task}/simulate": "until=in%2024h",
}
DEFINITION = {
    "workflow": {"code": "inv", "name": "Invoicing"},
    "task": [{"code": "WRITE", "name": "Write it", "timeout": "1h"}],
}
BODIES = {
    "/api/v1/tasks": {"tasks": [{"code": "EXTRA", "timeout_minutes": 30, "after": []}], "dry_run": True},
    "/api/v1/tasks/{task}/timeout": {"timeout_minutes": "1h30m"},
    "/api/v1/tasks/{task}/link": {"after": ["EXTRA"]},
    "/api/v1/tasks/{task}/unlink": {"after": ["EXTRA"]},
    "/api/v1/tasks/{task}/assign": {"who": ["user:2", "role:driver"]},
    "/api/v1/tasks/{task}/unassign": {"who": ["role:driver"]},
    "/api/v1/workflows": {"type": "bc", "taskable_type": "Order", "taskable_id": 115, "dry_run": True},
    "/api/v1/types": {"definition": DEFINITION, "dry_run": True},
    "/api/v1/users": {"name": "kim", "email": "kim@example.com", "dry_run": True},
    "/api/v1/users/{user}": {"name": "dana", "timezone": "Europe/Paris"},
    "/api/v1/users/import": {"users": [{"id": 9, "name": "lou"}], "dry_run": True},
    "/api/v1/roles/{role}/grant": {"users": [2]},
    "/api/v1/roles/{role}/revoke": {"users": [2]},
    "/api/v1/tokens": {"name": "nobody", "roles": ["driver"], "expires_in": "1h"},
    "/broadcasting/auth": {"socket_id": "1.1", "channel_name": "private-workflow.bc.114"},
    "/broadcasting/user-auth": {"socket_id": "1.1"},
    "/apps/{app}/events": {"name": "n", "data": "{}", "channels": ["news"]},
    "/apps/{app}/batch_events": {"batch": [{"name": "n", "data": "{}", "channel": "news"}]},
}
UPGRADE = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


def valid(app, secret):
    """One request in bytes for each route, of somebody who may do all."""
    return [_request(route, app, secret) for route in ROUTES]


def spoiled(originals, number):
    """The request of a number: one of the originals after one to three mishaps."""
    dice = random.Random(number)
    data = originals[number % len(originals)]
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        data = dice.choice(MISHAPS)(dice, data)
    return data


def _request(route, app, secret):
    path = re.sub(r"{(\w+)}", lambda found: quote(PIECES[found[1]]), route.path)
    body, kind = _body(route)
    query = QUERIES.get(route.path, "")
    if route.policy is Policy.SIGNED:
        now = int(time.time() * 1000)
        query = urlencode(sign_request(app, route.method, path, query=(), body=body, now=now))
    lines = [f"{route.method} {path}{'?' * bool(query)}{query} HTTP/1.1", "Host: localhost"]
    lines += [f"Authorization: Bearer {secret}", *([f"Content-Type: {kind}"] if kind else [])]
    if route.method != "GET":
        lines += [f"Content-Length: {len(body)}", "X-Socket-ID: 1.1", 'If-Match: "1"']
    head = "\r\n".join(lines) + "\r\n" + UPGRADE * (route.policy is Policy.SOCKET) + "\r\n"
    return head.encode() + body


def _body(route):
    if route.method == "GET":
        return b"", ""
    if route.path == "/login":
        return b"token=wrong&next=/docs", "application/x-www-form-urlencoded"
    return json.dumps(BODIES.get(route.path, {"reason": "because"})).encode(), "application/json"


def truncate(dice, data):
    return data[: dice.randrange(1, len(data))]


def flip(dice, data):
    spoilt = bytearray(data)
    for _ in range(dice.randint(1, 8)):
        spoilt[dice.randrange(len(spoilt))] = dice.randrange(256)
    return bytes(spoilt)


def insert(dice, data):
    junk = dice.choice(
        (
            b"\0",
            b"\r",
            b"\n",
            b"\r\n",
            b"\r\n\r\n",
            b"\t",
            b"\xff",
            b"\xc3\x28",
            b"\x7f",
            b" ",
            b":",
            b"\x1b[31m",
        )
    )
    return _at(data, dice.randrange(len(data)), junk * dice.choice((1, 1, 2, 300)))


def double_a_header(dice, data):
    lines = _head(data)
    line = dice.choice(lines[1:] or lines)
    lines.insert(dice.randint(1, len(lines)), dice.choice((line, line.upper(), line + b", x", b" " + line)))
    return _joined(lines, data)


def lie_about_length(dice, data):
    lengths = (
        b"-1",
        b"+1",
        b"0x10",
        b"1e3",
        b"",
        b" ",
        b"9" * 30,
        b"1,1",
        b"0",
        b"1",
        b"2000000",
        b"1048577",
    )
    lines = [line for line in _head(data) if not line.lower().startswith(b"content-length")]
    return _joined([*lines, b"Content-Length: " + dice.choice(lengths)], data)


def chunk(dice, data):
    lines, body = _head(data), data.partition(b"\r\n\r\n")[2]
    size = dice.choice((b"%x" % len(body), b"-1", b"f" * 20, b"zz", b"", b"1;" + b"x" * 9000, b"0x5", b"5 "))
    chunked = (
        size + b"\r\n" + body + dice.choice((b"\r\n0\r\n\r\n", b"\r\n0\r\nTrailer: x\r\n\r\n", b"", b"0"))
    )
    coding = dice.choice(
        (b"chunked", b"chunked, identity", b"gzip, chunked", b"Chunked", b"chunked, chunked")
    )
    return b"\r\n".join([*lines, b"Transfer-Encoding: " + coding, b"", chunked])


def escape_badly(dice, data):
    odd = (b"%zz", b"%", b"%00", b"%c0%af", b"%ff%fe", b"%u0041", b"%2e%2e%2f", b"%ed%a0%80", b"%0d%0aX:%20y")
    start, end = data.find(b"/"), max(data.find(b" HTTP"), data.find(b"/") + 1)
    return _at(data, dice.randint(start + 1, end), dice.choice((*odd, b"//", b"/../", b"?", b"#", b"&=&")))


def ask_oddly(dice, data):
    queries = (
        b"ticket=" + b"x" * 50, b"after=" + b"9" * 400, b"topic=%00", b"limit=1e400", b"limit=-1",
        b"&" * 2000, b"a=1&" * 1500, b"since=" + b"9" * 300, b"status=%F0%9F%98%80", b"auth_key=taskwatch",
        b"now=9999999999999999", b"after=a-999999999999999999999", b"version=99999999999999999999",
        b"threshold=nan", b"until=in%2099999999999d", b"zone=../../etc/passwd", b"by=%ff",
        b"now=" + b"1" * 5000,
    )  # fmt: skip
    target, _, rest = data.partition(b" HTTP")
    return target + (b"&" if b"?" in target else b"?") + dice.choice(queries) + b" HTTP" + rest


def swell(dice, data):
    grown = dice.choice((
        b"X: " + b"a" * 9_000, b"X: " + b"a" * 200_000, b"A" * 9_000 + b": 1",
        b"\r\n".join(b"X%d: 1" % number for number in range(500)), b"Cookie: " + b"a=b; " * 1500,
    ))  # fmt: skip
    return _joined([*_head(data), grown], data)


def head_oddly(dice, data):
    odd = (
        b"Expect: 100-continue", b"Expect: nonsense", b"Content-Encoding: gzip", b"Content-Encoding: br",
        b"Content-Type: application/json; charset=rot13", b"Content-Type: application/json; charset=\xff",
        b"Content-Type: multipart/form-data; boundary=x", b"Content-Type: ;;;=",
        b"Content-Type: " + b"(" * 8_000, b"Upgrade: \xff", b"Sec-WebSocket-Version: \xff",
        b"Range: bytes=0-99999999999",
        b"Cookie: taskwatch_session=\x80\xff", b'Cookie: taskwatch_session="\\777"; =; ;',
        b'If-Match: "\xe9"',
        b"If-Match: " + b"9" * 500, b"Idempotency-Key: \xff", b"Idempotency-Key: " + b"k" * 5000,
        b"X-Socket-ID: " + b"9" * 500, b"Last-Event-ID: " + b"x" * 3000, b"Last-Event-ID: \xf0\x28\x8c\x28",
        b"Origin: null", b"Origin: http://localhost\x01", b"Host: [::", b"Host: localhost:99999999",
        b"X-Forwarded-For: \xff, 1.2.3.4", b'Forwarded: for="[', b"Authorization: Bearer",
        b"Authorization: Basic " + b"=" * 100, b"Authorization: Bearer \xff\xfe",
        b"Connection: keep-alive, close",
        b"Upgrade: h2c", b"Upgrade: websocket", b"Sec-WebSocket-Version: 99", b"Sec-WebSocket-Key: x",
        b"Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=99", b" folded: yes",
        b"no colon",
        b": no name", b"Accept: " + b"text/html;q=x," * 200, b"Accept-Language: \0",
    )  # fmt: skip
    lines = _head(data)
    line = dice.choice(odd)
    name = line.partition(b":")[0].lower()
    if dice.random() < 0.5:
        lines = [each for each in lines if each.partition(b":")[0].lower() != name]
    return _joined([*lines, line], data)


def start_oddly(dice, data):
    line, _, rest = data.partition(b"\r\n")
    method, _, target = line.partition(b" ")
    target = target.partition(b" ")[0]
    odd = (
        dice.choice((b"PUT", b"PATCH", b"DELETE", b"HEAD", b"OPTIONS", b"TRACE", b"PRI", b"G" * 9000, b"get"))
        + b" " + target + b" HTTP/1.1",
        method + b" http://localhost" + target + b" HTTP/1.1",
        method + b" http://[::1" + target + b" HTTP/1.1",
        b"CONNECT localhost:1 HTTP/1.1", b"OPTIONS * HTTP/1.1", b"PRI * HTTP/2.0", method + b" " + target,
        method + b" " + target + b" HTTP/0.9", method + b" " + target + b" HTTP/1.0",
        method + b" " + target + b" HTTP/9.9", method + b"  " + target + b"  HTTP/1.1",
        method + b" " + target + b"x" * 10_000 + b" HTTP/1.1", b"\x16\x03\x01\x02\x00\x01",
        b"\r\n" * 50 + line,
        method + b" " + target.lstrip(b"/") + b" HTTP/1.1", method + b" \xff HTTP/1.1",
    )  # fmt: skip
    return dice.choice(odd) + b"\r\n" + rest


def bomb(dice, data):
    body = dice.choice((
        b"[" * 100_000, b'{"a":' * 50_000 + b"1" + b"}" * 50_000, b"[" * 900 + b"]" * 900, b"9" * 100_000,
        b'{"reason": 1e999}', b'{"reason": NaN}', b'{"by": ' + b"9" * 5000 + b"}", b'{"reason": "\\ud800"}',
        b'{"at": "9999999999999999"}', b'{"reason": "\\u0000"}', b'{"a":1,"a":2}', b"\xef\xbb\xbf{}", b"{}{}",
        b'"' + b"\\" * 70_001, b"null", b"[]", b"1", b'""', b"\xff\xfe{\0}\0",
        b'{"tasks": [{"code": "\xed\xa0\x80"}]}',
        b'{"by": -9223372036854775809}', b'{"toml": "' + b"[[a]]\\n" * 9000 + b'"}',
        b'{"toml": "a = ' + b"[" * 5000 + b'"}',
        b'{"definition": {"workflow": {"code": "a", "name": "b"}, "task": []}}',
        b'{"expires_in": "99999999999999y"}',
        b'{"users": [' + b"1," * 2000 + b"1]}", b'{"timeout_minutes": 1e400}',
        b'{"timeout_minutes": 99999999999999999999}',
        b'{"who": ["user:' + b"9" * 400 + b'"]}', b'{"reason": "' + b"a" * 1_048_000 + b'"}',
        b"x" * 1_100_000,
    ))  # fmt: skip
    if dice.random() < 0.1:
        body = zlib.compress(b"[" * 3_000_000)
    lines = [line for line in _head(data) if not line.lower().startswith(b"content-length")]
    packed = [b"Content-Encoding: deflate"] if body[:1] == b"\x78" else []
    return b"\r\n".join([*lines, *packed, b"Content-Length: %d" % len(body), b"", body])


def spoil_a_value(dice, data):
    """Put something of another kind where a value of the body is."""
    head, gap, body = data.partition(b"\r\n\r\n")
    values = list(re.finditer(rb'"[^"]*"|[0-9]+|true|null', body))
    if not values:
        return flip(dice, data)
    odd = (
        b"null",
        b"1e5",
        b"-1",
        b"[]",
        b"{}",
        b'"\\u0007"',
        b'"' + b"\\u202e" * 9 + b'"',
        b"true",
        b"9" * 25,
        b'""',
    )
    found = dice.choice(values)
    body = body[: found.start()] + dice.choice(odd) + body[found.end() :]
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length")]
    return b"\r\n".join([*lines, b"Content-Length: %d" % len(body)]) + gap + body


def pipeline(dice, data):
    return data * dice.randint(2, 9)


MISHAPS = (
    truncate, flip, insert, double_a_header, lie_about_length, chunk, escape_badly, ask_oddly, swell,
    head_oddly, head_oddly, start_oddly, bomb, spoil_a_value, spoil_a_value, pipeline,
)  # fmt: skip


def _head(data):
    return data.partition(b"\r\n\r\n")[0].split(b"\r\n")


def _joined(lines, data):
    return b"\r\n".join(lines) + b"\r\n\r\n" + data.partition(b"\r\n\r\n")[2]


def _at(data, place, more):
    return data[:place] + more + data[place:]
