"""A page that is one file: templates are filled with everything escaped, and nothing is loaded from anywhere."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup


def rendered(template: str, **content: Any) -> str:
    """A page.

    The policy in it lets a browser use this style and this script, by their digests, and images that stand in the page,
    and nothing else, so that markup which should slip through could neither run nor load anything.

    Args:
        template: Name of the template.
        content: What it shows.
    """
    style, script = _source("style.css"), _source("script.js")
    policy = "; ".join(
        [
            "default-src 'none'",
            "img-src data:",
            f"style-src '{_digest(style)}'",
            f"script-src '{_digest(script)}'",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )
    # the program's own files, the same in every page: they hold nothing of a run
    own = {"style": Markup(style), "script": Markup(script)}  # noqa: S704
    return _environment().get_template(template).render(**content, **own, policy=policy)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("runner.report.html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _source(name: str) -> str:
    environment = _environment()
    if environment.loader is None:
        raise TypeError("the templates have no loader")
    return environment.loader.get_source(environment, name)[0].strip()


def _digest(source: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
