"""What the page of the shadow report looks like, and the one script that it may run.

Light and dark follow the reader's settings; print is light. The script sorts tables and filters cards where a reader
asks; without it the page says the same. It is a constant: nothing of any report stands in it, and the page's content
policy names its digest. Leaves out what the page says (`shadow_html`).
"""

from __future__ import annotations

STYLE = """
:root { color-scheme: light; --ink: #1b1f24; --dim: #57606a; --line: #d0d7de; --back: #fff; --soft: #f6f8fa;
  --mark: #0b57d0; --allow: #2da44e; --approval: #d4a017; --deny: #c4362c; --undecidable: #8c959f;
  --warn: #9a3412; --warn-back: #fff4ec; --good: #1a5c38;
  --h0: #f0f3f6; --h1: #cfe1fb; --h2: #9fc4f5; --h3: #6aa3ea; --h4: #2f74c9; --h5: #123f80; --on: #fff; }
@media screen and (prefers-color-scheme: dark) { :root { color-scheme: dark; --ink: #e6edf3; --dim: #9aa4af;
  --line: #30363d; --back: #0d1117; --soft: #161b22; --mark: #7ab0ff; --allow: #3fb950; --approval: #d9a521;
  --deny: #f0605a; --undecidable: #7d8590; --warn: #ffb184; --warn-back: #2b1a10; --good: #86d9a8;
  --h0: #161b22; --h1: #0f2c4f; --h2: #16427a; --h3: #1f5fae; --h4: #4d93e6; --h5: #a5cdff; --on: #0d1117; } }
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { margin: 0 auto; max-width: 74rem; padding: 1.5rem 1rem 4rem; color: var(--ink); background: var(--back);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .35rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2.5rem 0 .5rem; } h3 { font-size: 1rem; margin: 1.5rem 0 .25rem;
  overflow-wrap: anywhere; } .card h3 { margin: 0; } h3 code { font-weight: 600; }
h4 { font-size: .8rem; margin: .9rem 0 .15rem; color: var(--dim); font-weight: 600; }
p { margin: .25rem 0; overflow-wrap: anywhere; } .dim { color: var(--dim); } .answer { font-size: 1.1rem; }
ul { margin: .25rem 0; padding-left: 1.25rem; }
a { color: var(--mark); } a:focus-visible, summary:focus-visible, button:focus-visible, input:focus-visible,
.wide:focus-visible { outline: 2px solid var(--mark); outline-offset: 2px; }
.skip { position: absolute; left: -99rem; } .skip:focus { left: 1rem; top: .5rem; background: var(--back);
  padding: .25rem .5rem; }
nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: .25rem 1.1rem; padding: .6rem 0; margin: 1rem 0 0;
  border-top: 1px solid var(--line); border-bottom: 1px solid var(--line); }
.doubt { border-left: .25rem solid var(--warn); padding: .4rem .75rem; background: var(--warn-back); margin: .75rem 0; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .6rem; margin: 1rem 0 .6rem;
  padding: 0; list-style: none; }
.tiles li { border: 1px solid var(--line); border-radius: .5rem; padding: .5rem .75rem; }
.tiles strong { display: block; font-size: 1.35rem; line-height: 1.3; font-variant-numeric: tabular-nums; }
.key { display: inline-block; width: .75em; height: .75em; border-radius: .15em; margin-right: .4em; }
.strip { display: flex; height: .8rem; border-radius: .4rem; overflow: hidden; background: var(--soft); gap: 2px; }
.strip span { display: block; min-width: 3px; }
.b-allow { background: var(--allow); } .b-approval { background: var(--approval); } .b-deny { background: var(--deny); }
.b-undecidable { background: var(--undecidable); }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .35rem .9rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--dim); font-weight: 600; white-space: nowrap; } .n { text-align: right;
  font-variant-numeric: tabular-nums; white-space: nowrap; }
td { overflow-wrap: break-word; } td:last-child { min-width: 9rem; } td.n:last-child { min-width: 0; }
th.n, td.n { padding-right: 1.6rem; }
th:last-child, td:last-child { padding-right: 0; } .tight { white-space: nowrap; }
th button { font: inherit; color: inherit; background: none; border: 0; padding: 0; cursor: pointer; }
th button::after { content: " \\2195"; opacity: .45; } th[aria-sort=ascending] button::after { content: " \\2191";
  opacity: 1; } th[aria-sort=descending] button::after { content: " \\2193"; opacity: 1; }
code, pre { font: .875em/1.45 ui-monospace, monospace; overflow-wrap: break-word; }
p code, li code, h3 code, summary code, pre { overflow-wrap: anywhere; } h3 code, summary code { font-size: 1em; }
pre { background: var(--soft); padding: .6rem .75rem; margin: .35rem 0; white-space: pre-wrap; border-radius: .25rem; }
.cards { display: grid; grid-template-columns: minmax(0, 1fr); gap: .75rem; margin-top: .6rem; }
.card { border: 1px solid var(--line); border-left-width: .3rem; border-radius: .5rem; padding: .75rem 1rem; }
.card.irreversible { border-left-color: var(--deny); } .card.reversible { border-left-color: var(--approval); }
.card.read_only { border-left-color: var(--allow); }
.head { display: flex; flex-wrap: wrap; gap: .1rem .75rem; align-items: baseline; }
.looks { font-size: .85rem; border: 1px solid currentColor; border-radius: 1rem; padding: 0 .6rem;
  white-space: nowrap; }
.irreversible .looks { color: var(--deny); }
.do { margin: .5rem 0; } .split { display: grid;
  grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 0 1.5rem; }
details.card { padding: 0; } details.card > summary { padding: .55rem 1rem; }
details.card > div { padding: 0 1rem .75rem; } details.card summary h3 { display: inline; }
details.card[open] > summary { border-bottom: 1px solid var(--line); margin-bottom: .6rem; }
summary { cursor: pointer; color: var(--mark); } details.card > summary { color: inherit; }
.find { display: flex; flex-wrap: wrap; gap: .25rem .75rem; align-items: center; margin: .5rem 0; }
.find input { font: inherit; color: inherit; background: var(--back); border: 1px solid var(--dim);
  border-radius: .3rem; padding: .25rem .5rem; width: 18rem; max-width: 100%; }
.chart { overflow-x: auto; } svg { display: block; width: 100%; height: auto; min-width: 40rem; max-width: 60rem; }
svg text { font: 11px system-ui, sans-serif; fill: var(--ink); } svg .axis { fill: var(--dim); }
svg .grid { stroke: var(--line); } .v-allow { fill: var(--allow); } .v-approval { fill: var(--approval); }
.v-deny { fill: var(--deny); } .v-undecidable { fill: var(--undecidable); }
svg g[class^=heat] text { text-anchor: middle; font-size: 10.5px; }
.heat-0 rect { fill: var(--h0); } .heat-1 rect { fill: var(--h1); } .heat-2 rect { fill: var(--h2); }
.heat-3 rect { fill: var(--h3); } .heat-4 rect { fill: var(--h4); } .heat-5 rect { fill: var(--h5); }
.heat-4 text, .heat-5 text { fill: var(--on); }
.legend { display: flex; flex-wrap: wrap; gap: .1rem 1.25rem; padding: 0; margin: .35rem 0; list-style: none;
  font-size: .9rem; }
.state { font-weight: 600; white-space: nowrap; } .signed_off { color: var(--good); }
.void, .not_signed_off { color: var(--warn); }
footer { margin-top: 3rem; padding-top: .75rem; border-top: 1px solid var(--line); }
@media (max-width: 40rem) { .split { grid-template-columns: minmax(0, 1fr); } body { padding-top: 1rem; }
  .tiles { grid-template-columns: repeat(2, 1fr); } th, td, th.n, td.n { padding-right: .75rem; }
  .wide table { font-size: .9rem; } }
@media print { body { max-width: none; padding: 0; font-size: 10pt; } .wide, .chart { overflow: visible; }
  nav, .find, .skip { display: none; } .card, .chart, svg, tr { break-inside: avoid; }
  h2, h3, h4, h3 + p, .legend { break-after: avoid; }
  svg { min-width: 0; } .key, .strip span, rect { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  th button::after { content: ""; } a { color: inherit; text-decoration: none; } }
"""

SCRIPT = """
"use strict";
const value = (row, column) => {
  const cell = row.children[column], given = cell.dataset.order ?? cell.textContent.trim();
  const plain = given.replaceAll(",", "");
  return plain !== "" && Number.isFinite(Number(plain)) ? Number(plain) : given;
};
const compare = (a, b) => typeof a === typeof b ? (a < b ? -1 : a > b ? 1 : 0) : typeof a === "number" ? 1 : -1;
for (const table of document.querySelectorAll("table[data-sorts]")) {
  const heads = [...table.tHead.rows[0].children], body = table.tBodies[0];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const first = head.classList.contains("n") ? "descending" : "ascending";
      const other = first === "ascending" ? "descending" : "ascending";
      const now = head.getAttribute("aria-sort") === first ? other : first;
      heads.forEach((each) => each.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", now);
      const sign = now === "ascending" ? 1 : -1;
      body.append(...[...body.rows].sort((a, b) => sign * compare(value(a, column), value(b, column))));
    });
  });
}
const cards = [...document.querySelectorAll(".cards > *")];
if (cards.length > 8) {
  const field = document.createElement("input"), label = document.createElement("label");
  const count = document.createElement("span"), place = document.createElement("p");
  field.type = "search"; field.id = "find"; label.htmlFor = "find"; label.textContent = "Find among them";
  count.setAttribute("role", "status"); count.className = "dim"; place.className = "find";
  place.append(label, field, count);
  document.querySelector(".cards").before(place);
  field.addEventListener("input", () => {
    const words = field.value.toLowerCase().split(/\\s+/).filter(Boolean);
    let shown = 0;
    for (const card of cards) {
      const text = card.textContent.toLowerCase();
      card.hidden = !words.every((word) => text.includes(word));
      shown += card.hidden ? 0 : 1;
    }
    count.textContent = words.length ? `${shown} of ${cards.length}` : "";
  });
}
"""
