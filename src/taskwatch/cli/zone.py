"""The machine's own time zone, with its clock changes."""

from datetime import UTC, datetime, timedelta, tzinfo


class LocalZone(tzinfo):
    """What the C library says (TZ or /etc/localtime) for any instant, not only for today's offset."""

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        """The offset from UTC; None without a moment."""
        if moment is None:
            return None
        wall = moment.replace(tzinfo=UTC, microsecond=0, fold=0)
        return wall - datetime.fromtimestamp(_timestamp(moment), UTC)

    def tzname(self, moment: datetime | None) -> str | None:
        """The abbreviation such as `CET`; None without a moment."""
        return datetime.fromtimestamp(_timestamp(moment)).astimezone().tzname() if moment else None

    def dst(self, _moment: datetime | None) -> None:
        """Not told apart from the offset."""

    def fromutc(self, moment: datetime) -> datetime:
        """The wall clock at a moment in UTC; the second of two equal readings has fold=1."""
        there = moment.replace(tzinfo=UTC).astimezone()
        wall = there.replace(tzinfo=self)
        return wall if wall.utcoffset() == there.utcoffset() else wall.replace(fold=1)


def _timestamp(moment: datetime) -> float:
    """Seconds since 1970 of a wall clock; a reading that a clock change skips has the offset before it."""
    return moment.replace(tzinfo=None, microsecond=0).timestamp()
