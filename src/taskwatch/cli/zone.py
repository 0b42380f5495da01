"""The machine's own time zone, with its clock changes."""

from datetime import UTC, datetime, timedelta, tzinfo


class LocalZone(tzinfo):
    """What the C library says (TZ or /etc/localtime) for any instant, not only for today's offset."""

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        """The offset from UTC; None without a moment."""
        return _ask(moment).utcoffset() if moment else None

    def tzname(self, moment: datetime | None) -> str | None:
        """The abbreviation such as `CET`; None without a moment."""
        return _ask(moment).tzname() if moment else None

    def dst(self, _moment: datetime | None) -> None:
        """Not told apart from the offset."""

    def fromutc(self, moment: datetime) -> datetime:
        """The wall clock at a moment in UTC; the second of two equal readings has fold=1."""
        there = moment.replace(tzinfo=UTC).astimezone()
        wall = there.replace(tzinfo=self)
        return wall if wall.utcoffset() == there.utcoffset() else wall.replace(fold=1)


def _ask(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None).astimezone()
