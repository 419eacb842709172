"""Figures inside a page."""

from __future__ import annotations

import base64
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

_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Picture:
    """A figure in a page.

    Attributes:
        source: Its content as a ``data:`` URI; "" where it could not be drawn.
        text: What it shows, for those who do not see it.
        caption: What stands below it.
        wide: Whether it needs the page's width.
    """

    source: str
    text: str
    caption: str = ""
    wide: bool = False


class Album:
    """The pictures of one page, as many as there is room for."""

    def __init__(self) -> None:
        self._left = _ROOM

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
            wide: Whether it needs the page's width.
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
        return self._kept(content, "image/svg+xml" if form == "svg" else "image/png", text, caption, wide)

    def saved(self, path: Path, text: str, *, wide: bool = False) -> Picture:
        """A PNG of the run folder as it is.

        Args:
            path: The file.
            text: What it shows.
            wide: Whether it needs the page's width.
        """
        try:
            if not path.is_file() or path.stat().st_size > self._left:
                return self._no_room(text)
            content = path.read_bytes()
        except OSError as error:
            return Picture("", text, f"{path.name} cannot be read: {error.strerror or error}")
        if not content.startswith(_PNG):
            return Picture("", text, f"{path.name} is not a PNG file")
        return self._kept(content, "image/png", text, "", wide)

    def _kept(self, content: bytes, kind: str, text: str, caption: str, wide: bool) -> Picture:
        if len(content) > self._left:
            self._left = 0  # what comes later is not shown in the place of what was left out
            return self._no_room(text)
        self._left -= len(content)
        return Picture(f"data:{kind};base64,{base64.b64encode(content).decode()}", text, caption, wide)

    @staticmethod
    def _no_room(text: str) -> Picture:
        return Picture("", text, "left out, the page would become too large; it is in the run's folder of figures")
