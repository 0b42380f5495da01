"""What tests of channels share: a message, a certificate of our own, and a watch on the loop."""

import asyncio
import datetime as dt
import ipaddress
import ssl
import time

import pytest

from taskwatch.plugin import Message, Recipient, now


def make_message(seconds=5.0, **changes):
    """A message about a late task, to be sent within so many seconds."""
    data = {
        "task_id": 125,
        "task_name": "ADV Review",
        "message": "Task 'ADV Review' exceeded SLA by 45 minutes",
    }
    message = Message(
        id="8a6f2c54-6d35-5d6f-8d5d-0d4c1c1d7e11",
        recipient=Recipient(5, "dana", "Europe/Paris"),
        address="",
        title="⚠️ SLA Alert: Task Overdue - ADV Review",
        text="Task 'ADV Review' exceeded SLA by 45 minutes\n\nhttp://localhost:8000/admin/tasks/125\n",
        url="http://localhost:8000/admin/tasks/125",
        kind="task.sla.exceeded",
        reason="first",
        level="high",
        data=data,
        event={**data, "alert_level": "high"},
        occurred_at=1_766_570_400_000,
        deadline=now() + int(seconds * 1000),
        thread="task-125",
    )
    return message._replace(**changes)


@pytest.fixture(name="message")
def _message():
    return make_message


class Lag:
    """The longest time in seconds that the loop was not free, as a task that only wants to run sees it."""

    longest = 0.0

    async def __aenter__(self):
        self._task = asyncio.create_task(self._watch())
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_):
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _watch(self):
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.005)
            self.longest = max(self.longest, time.perf_counter() - before - 0.005)


@pytest.fixture(name="lag")
def _lag():
    return Lag


class Certificate:
    """A certificate for localhost that signs itself: `file` to trust it, `context` to serve with it."""

    def __init__(self, folder):
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec

        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
        today = dt.datetime.now(dt.UTC)
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        built = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(today - dt.timedelta(days=1))
            .not_valid_after(today + dt.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        self.file = str(folder / "certificate.pem")
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (folder / "key.pem").write_bytes(secret)
        (folder / "certificate.pem").write_bytes(built.public_bytes(serialization.Encoding.PEM))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.file, folder / "key.pem")


@pytest.fixture(name="certificate", scope="session")
def _certificate(tmp_path_factory):
    return Certificate(tmp_path_factory.mktemp("certificate"))
