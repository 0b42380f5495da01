"""What goes wrong at an SMTP server, and what it means for a message."""

import re
import ssl

from aiosmtplib import (
    SMTPAuthenticationError,
    SMTPConnectResponseError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

from taskwatch.plugin import Outcome, gone, misconfigured, one_line, permanent, retry, unknown

FAILURES = (OSError, ValueError, SMTPException)

# RFC 3463: no such mailbox, no such system, bad syntax, moved without an address.
_NO_MAILBOX = re.compile(r"\b5\.1\.(?:[1236]|10)\b")
_WRONG_LOGIN = frozenset((530, 534, 535, 538))


def judge(error: Exception, *, handing: bool) -> Outcome:
    """The outcome of one of `FAILURES`; `handing`: the letter was under way, and may have arrived."""
    code = getattr(error, "code", "")
    detail = one_line(f"{code} {getattr(error, 'message', error)}") or type(error).__name__
    if isinstance(error, SMTPResponseException):
        return _judge_code(error, detail)
    if _is_untrusted(error):
        return misconfigured(detail)
    if handing:
        return unknown(detail)
    if isinstance(error, OSError):  # the library's lost connections and timeouts are some, too
        return retry(detail)
    return misconfigured(detail)  # the server cannot do what is asked, such as STARTTLS


def _judge_code(error: SMTPResponseException, detail: str) -> Outcome:
    if error.code < 500 or isinstance(error, SMTPConnectResponseError):
        return retry(detail)
    if error.code in _WRONG_LOGIN or isinstance(error, SMTPAuthenticationError | SMTPSenderRefused):
        return misconfigured(detail)
    if isinstance(error, SMTPRecipientRefused) and _NO_MAILBOX.search(error.message):
        return gone(detail)
    return permanent(detail)


def _is_untrusted(error: Exception) -> bool:
    return any(isinstance(each, ssl.SSLCertVerificationError) for each in (error, error.__cause__))
