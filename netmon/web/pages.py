"""Pages for people: the start page, and the runbooks of the alerts.

Links are relative, so that they work behind a reverse proxy under any path.
"""

from __future__ import annotations

import functools
import html
import re
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

RUNBOOKS = Path(__file__).parent.parent / "data" / "runbooks"
ENGLISH = "en"
LANGUAGES = {"de": "Deutsch"}  # folders of translated runbooks

_FRAME = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>
:root {{ color-scheme: light dark }}
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem }}
code {{ font: .9em ui-monospace, monospace; background: #8882; padding: .1em .3em; border-radius: .2em }}
pre code {{ display: block; overflow-x: auto; padding: .6em }}
</style></head><body>
{body}
</body></html>
"""


def start_page(version: str, sensor: str, *, has_lifecycle: bool) -> str:
    """Links to everything that is served."""
    reload = (
        "A POST to <code>-/reload</code> reloads the signatures."
        if has_lifecycle
        else "SIGHUP reloads the signatures."
    )
    body = f"""<h1>netmon {html.escape(version)}</h1>
<p>Sensor <b>{html.escape(sensor)}</b>: a passive sensor that shows where the traffic to a vendor's cloud \
really ends.</p>
<ul>
<li><a href="metrics">Metrics</a> for Prometheus</li>
<li><a href="runbooks/">Runbooks</a>: what to check and what to do for each alert</li>
<li><a href="-/healthy">Healthy</a>: whether the web server answers</li>
<li><a href="-/ready">Ready</a>: whether packets are processed</li>
</ul>
<p>{reload}</p>"""
    return _FRAME.format(title=f"netmon on {html.escape(sensor)}", body=body, language=ENGLISH)


def runbook_index(language: str = ENGLISH) -> str:
    """A list of all runbooks, each with its first sentence, and the way to the other languages."""
    names = (name for name in _runbooks() if "/" not in name)
    rows = "\n".join(
        f'<li><a href="{name}">{name}</a>: {html.escape(_first_sentence(_in(language, name)[0]))}</li>'
        for name in names
    )
    if language == ENGLISH:
        home, others = "../", "".join(f' / <a href="{one}/">{name}</a>' for one, name in LANGUAGES.items())
    else:
        home, others = "../../", ' / <a href="../">English</a>'
    body = f'<p><a href="{home}">netmon</a>{others}</p>\n<h1>Runbooks</h1>\n<ul>\n{rows}\n</ul>'
    return _FRAME.format(title="netmon: runbooks", body=body, language=language)


def runbook_page(path: str) -> str | None:
    """The runbook of an alert, such as SensorDown or de/SensorDown; None if there is none of this name."""
    language, _, name = path.rpartition("/")
    if name not in _runbooks() or language not in ("", *LANGUAGES):
        return None
    text, shown_in = _in(language or ENGLISH, name)
    home = "../../" if language else "../"
    body = f'<p><a href="{home}">netmon</a> / <a href="./">Runbooks</a></p>\n{_render(text)}'
    return _FRAME.format(title=f"netmon: {name}", body=body, language=shown_in)


def _in(language: str, name: str) -> tuple[str, str]:
    """A runbook in a language, or else in English, and the language that it is in."""
    text = _runbooks().get(f"{language}/{name}")
    return (_runbooks()[name], ENGLISH) if text is None else (text, language)


@functools.cache
def _runbooks() -> dict[str, str]:
    """Path → Markdown, in alphabetical order. Read once: they belong to this version of netmon."""
    files = {str(file.relative_to(RUNBOOKS).with_suffix("")): file for file in RUNBOOKS.rglob("*.md")}
    return {path: files[path].read_text(encoding="utf-8") for path in sorted(files)}


def _render(text: str) -> str:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(text)
    for token in tokens:
        _relink(token.children or [])
    return str(parser.renderer.render(tokens, parser.options, {}))


def _relink(tokens: list[Token]) -> None:
    """Links to other runbooks lead to their pages; files of the repository are not served, only named."""
    is_named = False
    for token in tokens:
        if token.type == "link_close" and is_named:
            token.tag, is_named = "span", False
        if token.type != "link_open":
            continue
        path, _, anchor = str(token.attrs.get("href", "")).partition("#")
        if re.match("[a-z]+:", path):
            continue
        if "/" not in path and path.endswith(".md"):
            token.attrs["href"] = path.removesuffix(".md") + (f"#{anchor}" if anchor else "")
        else:
            token.tag, is_named = "span", True
            token.attrs = {"title": f"{path.replace('../', '')} in netmon's repository"}


def _first_sentence(text: str) -> str:
    paragraph = text.partition("\n\n")[2].partition("\n\n")[0].replace("\n", " ")
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", paragraph).replace("`", "")
    return re.split(r"[.;:](?:\s|$)", plain, maxsplit=1)[0] + "."
