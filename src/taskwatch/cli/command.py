"""Commands that share their options: given before or after the verb, they mean the same."""

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from taskwatch.cli.session import Session

if TYPE_CHECKING:
    from taskwatch.errors import TaskwatchError

HELP_NAMES = ["-h", "--help"]


class Command(click.Command):
    """A click command with the shared options, examples shown word for word, and perhaps its own last words.

    `failed` renders an error in its own way and returns the exit code (`taskwatch check` talks to a monitor).
    `shape` names the type of the `--json` answer, `package.module:Type` or `list[package.module:Type]`; a
    command without one has no answer in JSON.
    """

    def __init__(
        self,
        name: str | None,
        *,
        examples: str | Sequence[str] = (),
        failed: "Callable[[TaskwatchError], int] | None" = None,
        shape: str | None = None,
        context_settings: dict[str, Any] | None = None,
        **attributes: Any,
    ) -> None:
        settings = {"help_option_names": HELP_NAMES, **(context_settings or {})}
        super().__init__(name, context_settings=settings, **attributes)
        self.examples = inspect.cleandoc(examples).splitlines() if isinstance(examples, str) else examples
        self.failed = failed
        self.shape = shape

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Parse; whatever fails from here on is this command's failure."""
        if parent is not None and isinstance(parent.obj, Session):
            parent.obj.failed = self.failed
        return super().make_context(info_name, args, parent, **extra)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Its own parameters, then the shared options except those it gives a meaning of its own."""
        own = super().get_params(ctx)
        taken = {name for param in own for name in param.opts}
        return [*own, *(option for option in shared_options() if taken.isdisjoint(option.opts))]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Its own options one a line; the shared ones in full at the root, elsewhere only by name."""
        self._write_options("Options", super().get_params(ctx), ctx, formatter)
        if ctx.parent is None:
            self._write_options("Shared options, for every command", shared_options(), ctx, formatter)
        else:
            _name_shared_options(ctx, formatter)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The examples as they were written, then the epilog."""
        if self.examples:
            with formatter.section("Examples"):
                formatter.write("".join(f"  {line}".rstrip() + "\n" for line in self.examples))
        super().format_epilog(ctx, formatter)

    def _write_options(
        self,
        heading: str,
        params: Sequence[click.Parameter],
        ctx: click.Context,
        formatter: click.HelpFormatter,
    ) -> None:
        options = [param for param in params if isinstance(param, click.Option)]
        records = [record for option in options if (record := option.get_help_record(ctx))]
        with formatter.section(heading):
            formatter.write_dl(records)


def command(name: str | None = None, **attributes: Any) -> Callable[[Callable[..., Any]], Command]:
    """Decorate a callback into a Command; takes `examples`, `failed`, `shape` and all of click.command's."""
    return click.command(name, cls=Command, **attributes)


@functools.cache
def shared_options() -> list[click.Option]:
    """The options of every command, made once."""
    return [
        _share("--db", metavar="PATH|URL", help="The database to use."),
        _share("--config", metavar="FILE", help="The configuration file to read."),
        _share(
            "-o", "--option", metavar="KEY=VALUE", multiple=True, callback=_note_pairs,
            help="Set a configuration key for this command; repeatable.",
        ),
        _share("--json", is_flag=True, help="Answer in JSON, and tell errors in JSON on stderr."),
        _share("--color", type=click.Choice(["auto", "always", "never"]), help="When to use colour."),
        _share("-q", "--quiet", count=True, help="Say only what is wrong; twice: say nothing."),
        _share("-v", "--verbose", count=True, help="Say more; twice: say everything."),
        _share("--utc", is_flag=True, help="Read and show times in UTC."),
        _share("--debug", is_flag=True, help="Show the traceback of an error."),
    ]  # fmt: skip


def _share(*names: str, callback: Callable[..., None] | None = None, **attributes: Any) -> click.Option:
    # The underscore keeps the name free for an argument of the command.
    hidden_name = f"_{names[-1].lstrip('-')}"
    return click.Option([*names, hidden_name], expose_value=False, callback=callback or _note, **attributes)


def _note(ctx: click.Context, option: click.Parameter, value: Any) -> None:
    if value:
        ctx.ensure_object(Session).note(str(option.name)[1:], value)


def _note_pairs(ctx: click.Context, option: click.Parameter, values: tuple[str, ...]) -> None:
    pairs = [tuple(value.split("=", 1)) for value in values]
    for pair in pairs:
        if len(pair) == 1 or not pair[0]:
            raise click.BadParameter(f"{'='.join(pair)!r} is not KEY=VALUE", ctx, option)
    _note(ctx, option, tuple(pairs))


def _name_shared_options(ctx: click.Context, formatter: click.HelpFormatter) -> None:
    names = ", ".join(option.opts[-1] for option in shared_options())
    with formatter.section("Shared options"):
        formatter.write_text(f"{names}: see '{ctx.find_root().command_path} --help'")
