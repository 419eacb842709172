"""Figures inside a page."""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ROOM = 3_300_000
"""Bytes of all pictures of a page together; a third more as text."""

_LARGEST_DRAWING = 150_000
"""Bytes above which a figure of lines is smaller, and quicker to show, as pixels."""

Room = Literal["half", "most", "all"]

_PNG = b"\x89PNG\r\n\x1a\n"
_HEADER = 24  # bytes, the last eight of which are width and height


@dataclass(frozen=True)
class Picture:
    """A figure in a page.

    Attributes:
        source: Its content as a ``data:`` URI; "" where it could not be drawn.
        text: What it shows, for those who do not see it.
        caption: What stands below it.
        room: How much of the page's width it needs.
    """

    source: str
    text: str
    caption: str = ""
    room: Room = "half"


class Album:
    """The pictures of one page, as many as there is room for.

    Args:
        elsewhere: Where those are that there is no room for.
        room: Bytes for all of them; `_ROOM` if it is not said.
    """

    def __init__(self, elsewhere: str = "it is in the run's folder of figures", room: int | None = None) -> None:
        self._left = _ROOM if room is None else room
        self._elsewhere = elsewhere

    def drawn(
        self,
        draw: Callable[[], Figure],
        form: Literal["png", "svg"],
        text: str,
        *,
        caption: str = "",
        wide: bool = False,
    ) -> Picture:
        """A figure, or what kept it from being drawn.

        Args:
            draw: Draws it.
            form: "svg" for lines, "png" for what looks like a photograph.
            text: What it shows.
            caption: What stands below it.
            wide: Whether it needs the page's width, whatever its proportions.
        """
        from runner.report import figures

        if not self._left:
            return self._no_room(text)
        try:
            figure = draw()
            content = figures.encoded(figure, form)
            if form == "svg" and len(content) > _LARGEST_DRAWING:
                form, content = "png", figures.encoded(figure, "png")
        except Exception as error:  # the data are a plugin's or a file's: one bad figure must not cost the page
            return Picture("", text, f"cannot be drawn: {type(error).__name__}: {error}")
        room = "all" if wide else _room(*figure.get_size_inches())
        return self._kept(content, "image/svg+xml" if form == "svg" else "image/png", text, caption, room)

    def saved(self, path: Path, text: str) -> Picture:
        """A PNG of the run folder as it is.

        Args:
            path: The file.
            text: What it shows.
        """
        try:
            if not path.is_file() or path.stat().st_size > self._left:
                return self._no_room(text)
            content = path.read_bytes()
        except OSError as error:
            return Picture("", text, f"{path.name} cannot be read: {error.strerror or error}")
        if not content.startswith(_PNG) or len(content) < _HEADER:
            return Picture("", text, f"{path.name} is not a PNG file")
        return self._kept(content, "image/png", text, "", _room(*struct.unpack(">II", content[16:_HEADER])))

    def _kept(self, content: bytes, kind: str, text: str, caption: str, room: Room) -> Picture:
        if len(content) > self._left:
            self._left = 0  # what comes later is not shown in the place of what was left out
            return self._no_room(text)
        self._left -= len(content)
        return Picture(f"data:{kind};base64,{base64.b64encode(content).decode()}", text, caption, room)

    def _no_room(self, text: str) -> Picture:
        return Picture("", text, f"left out, the page would become too large; {self._elsewhere}")


def _room(width: float, height: float) -> Room:
    """What figures of several panels side by side need."""
    return "all" if width > 2.8 * height else "most" if width > 2.2 * height else "half"
