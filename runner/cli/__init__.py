"""The commands, each loaded only when it is asked for."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING

import click

from runner.errors import RunnerError

if TYPE_CHECKING:
    from collections.abc import Sequence

# The first line of each command's help is repeated here, so that `runner --help` loads none of them.
COMMANDS = {
    "run": "Train and evaluate an experiment.",
    "resume": "Go on with a run that was interrupted, from its newest checkpoint.",
    "evaluate": "Score a run again, from its folder.",
    "generate": "Write responses of a trained model to a file.",
    "import": "Make a run of a saved Keras model.",
    "runs": "List runs, newest first.",
    "compare": "Set runs side by side, with differences to the first.",
    "diff": "Show what is different between two runs.",
    "report": "Write the page of a run, or of several side by side.",
    "validate": "Check experiment files without running anything.",
    "schema": "Print the JSON Schema of experiment files.",
    "plugins": "Show what experiments can be made of.",
    "doctor": "Show versions, devices, disk space and plugins.",
}


class _LazyGroup(click.Group):
    """Imports ``runner.cli.<command>`` when the command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = "import_model" if cmd_name == "import" else cmd_name  # a keyword cannot be a module's name
        command: click.Command = importlib.import_module(f"runner.cli.{module}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"commands: {', '.join(COMMANDS)}"
            ctx.fail(f"no command {args[0]!r}; {hint}")
        return super().resolve_command(ctx, args)


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="tpc-runner", message="%(package)s %(version)s")
def group() -> None:
    """Build, train, judge and compare generative models that replace slow detector simulation."""


def main(arguments: Sequence[str] | None = None) -> None:
    """The ``runner`` command.

    Results go to standard output, messages to standard error. Exit codes: 0 done, 1 other failure, 2 a mistake
    in the experiment or the call, 3 plugin, 4 data, 5 run folder, 6 diverged, 75 interrupted, 130 Ctrl-C.
    """
    try:
        group.main(args=arguments, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except RunnerError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        click.echo("stopped", err=True)
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has gone, as in `runner runs | head`
        sys.exit(1)
