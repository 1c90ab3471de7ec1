"""Coverage as one page: the charter's own lines, with what no test showed under each.

Nothing is loaded from elsewhere and nothing runs: the page has no script, and its content policy allows none. All that
stood in a charter is escaped. What is missing is said in words, marks only repeat it; each gap links to the next, so
that a keyboard goes from one to the other. Light and dark follow the reader's settings; it prints.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from govern.report.coverage_lines import FileLines, LineItems, files, missing, subject, told
from govern.report.page import document
from govern.report.page import text as out
from govern.scenario.coverage import CONDITIONS, Coverage, Item, Part, Share, counted, rules, total

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --dim: #59636e; --page: #ffffff; --edge: #d1d9e0; --soft: #f6f8fa;
  --gap: #9a3b00; --gap-back: #fff4e5; --good: #1a7f37; --bar: #2f6feb; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --dim: #9aa4b0; --page: #0d1117; --edge: #30363d;
  --soft: #161b22; --gap: #ffb077; --gap-back: #33210f; --good: #56d364; --bar: #6ea8fe; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 68rem; padding: 1.5rem 1rem 4rem; color: var(--ink); background: var(--page);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.4rem; margin: 0 0 .25rem; }
h2 { font-size: 1.05rem; margin: 2.5rem 0 .5rem; overflow-wrap: anywhere; }
p { margin: .25rem 0 1rem; color: var(--dim); } a { color: inherit; }
a:focus-visible, .code:focus-visible { outline: 2px solid var(--bar); outline-offset: 2px; }
.shares { border-collapse: collapse; width: 100%; max-width: 40rem; }
.shares th, .shares td { padding: .25rem .75rem .25rem 0; text-align: left; border-bottom: 1px solid var(--edge); }
.shares td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.track { background: var(--edge); height: .5rem; border-radius: .25rem; min-width: 6rem; }
.fill { background: var(--bar); height: 100%; border-radius: .25rem; }
.code { border: 1px solid var(--edge); border-radius: .5rem; overflow-x: auto;
  font: .85rem/1.5 ui-monospace, monospace; }
.row { display: grid; grid-template-columns: 3.5rem 4rem max-content; min-width: max-content; }
.row > span { padding: 0 .5rem; white-space: pre; }
.row .at, .row .hits { text-align: right; color: var(--dim); background: var(--soft); user-select: none; }
.row .hits.seen { color: var(--good); } .row .hits.none { color: var(--gap); }
.gap { background: var(--gap-back); } .note { color: var(--gap); background: var(--gap-back); }
.note .said { white-space: normal; max-width: min(52rem, 60vw); } mark { background: none; color: inherit;
  text-decoration: underline 2px var(--gap); text-underline-offset: .2em; }
.note:target { outline: 2px solid var(--bar); outline-offset: -2px; }
@media print { .code { overflow: visible; } .row { min-width: 0; } .row > span { white-space: pre-wrap; } }
"""


def text(several: Sequence[Coverage]) -> str:
    """The page of charters' tests."""
    whole = total(several)
    names = ", ".join(f"{each.charter.agent} v{each.charter.version}" for each in several)
    found = list(files(several))
    gaps = [item for file in found for line in file.lines for item in line.unseen]
    parts = [f"<h1>{whole.percent}% of {out(names)} is shown by tests</h1>\n"]
    first = ' <a href="#gap-1">Go to the first gap.</a>' if gaps else ""
    decisions = sum(each.decisions for each in several)
    holes = f"{len(gaps):,} part{'s' if len(gaps) != 1 else ''} with gaps"
    parts.append(f"<p>{told(whole)} points, {decisions:,} decided calls, {holes}.{first}</p>\n")
    parts += _shares(several)
    numbers = {id(item): number for number, item in enumerate(gaps, start=1)}
    for file in found:
        parts += _file(file, numbers)
    return document(f"Coverage of {names}", style=_STYLE, body="".join(parts).rstrip("\n"))


def _shares(several: Sequence[Coverage]) -> Iterator[str]:
    yield '<table class="shares">\n<thead><tr><th scope="col">What</th><th scope="col">Shown</th>'
    yield '<th scope="col">%</th><td></td></tr></thead>\n<tbody>\n'
    for name, share in (
        ("Rules that applied", rules(several)),
        ("Outcomes of conditions and never", counted(several, *CONDITIONS)),
        ("Gates: asked, approved, denied, expired", counted(several, Part.GATE)),
        ("Tools called", counted(several, Part.TOOL)),
        ("Inputs: valid, invalid", counted(several, Part.INPUT)),
    ):
        yield _share(name, share)
    yield "</tbody>\n</table>\n"


def _share(name: str, share: Share) -> str:
    bar = f'<div class="track" aria-hidden="true"><div class="fill" style="width:{share.percent}%"></div></div>'
    return (
        f'<tr><th scope="row">{name}</th><td class="number">{told(share)}</td>'
        f'<td class="number">{share.percent}%</td><td>{bar}</td></tr>\n'
    )


def _file(file: FileLines, numbers: dict[int, int]) -> Iterator[str]:
    name = out(file.source.file)
    yield f"<h2>{name} <small>{file.share.percent}%</small></h2>\n"
    yield f'<div class="code" tabindex="0" role="region" aria-label="{name} with its gaps">\n'
    by_number = {line.number: line for line in file.lines}
    last = len(file.source.starts) - (not file.source.line(len(file.source.starts)))
    for number in range(1, last + 1):
        yield from _line(file.source.line(number), number, by_number.get(number), numbers)
    yield "</div>\n"


def _line(code: str, number: int, line: LineItems | None, numbers: dict[int, int]) -> Iterator[str]:
    if line is None:
        yield _row("", str(number), "", "", out(code))
        return
    unseen = line.unseen
    hits = f"{line.hits:,}×" if line.hits else "never"
    shown = _marked(code, unseen) if unseen else out(code)
    yield _row(" gap" if unseen else "", str(number), hits, " seen" if line.hits else " none", shown)
    for item in unseen:
        own = numbers[id(item)]
        following = f' <a href="#gap-{own + 1}">next gap</a>' if own < len(numbers) else ""
        words = f"{out(subject(item))}: <strong>{out(missing(item))}</strong>; shown: {out(_seen(item))}."
        yield (
            f'<div class="row note" id="gap-{own}"><span class="at"></span><span class="hits"></span>'
            f'<span class="said">{words}{following}</span></div>\n'
        )


def _seen(item: Item) -> str:
    return ", ".join(f"{point.outcome} {point.seen:,}×" for point in item.counted if point.seen) or "nothing"


def _row(kind: str, number: str, hits: str, seen: str, shown: str) -> str:
    return (
        f'<div class="row{kind}"><span class="at">{number}</span><span class="hits{seen}">{hits}</span>'
        f"<span>{shown}</span></div>\n"
    )


def _marked(code: str, items: Sequence[Item]) -> str:
    """A line with the places of parts marked; where they overlap, the first is."""
    made, at = "", 0
    for start, stop in sorted((item.at.column - 1, _stop(item, code)) for item in items):
        if start >= at:
            made += f"{out(code[at:start])}<mark>{out(code[start:stop])}</mark>"
            at = stop
    return made + out(code[at:])


def _stop(item: Item, code: str) -> int:
    return item.at.end_column - 1 if item.at.end_line == item.at.line else len(code)
