"""How workers do is told from each to all."""

import asyncio

from live import serving


class Party:
    """The bus of two workers in one process."""

    def __init__(self):
        self.handlers = {}

    def of(self, number):
        party = self

        class Side:
            def send(self, message):
                for other, handlers in party.handlers.items():
                    for handle in handlers if other != number else ():
                        handle(number, message)

            def listen(self, handler):
                party.handlers.setdefault(number, []).append(handler)

        return Side()


def test_every_worker_knows_how_all_do(tmp_path):
    async def main():
        party, path = Party(), tmp_path / "taskwatch.db"
        async with (
            serving(path, bus=party.of(0)) as first,
            serving(path, bus=party.of(1), number=1) as second,
        ):
            await asyncio.sleep(0)
            for daemon in (first, second):
                known = daemon.house.vitals.all()
                assert [each["number"] for each in known] == [0, 1]
                assert [each["tick_age"] is None for each in known] == [False, True]

    asyncio.run(main())
