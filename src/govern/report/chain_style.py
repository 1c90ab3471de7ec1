"""How the page of a chain looks, and the one script that it may run.

Light and dark follow the reader's settings; print is light. Four lanes stand side by side where there is room, below
one another where there is not; a step always says its lane in words. The script opens and closes all steps; without it
each opens by itself. Leaves out what the page says (`chain_html`).
"""

from __future__ import annotations

STYLE = """
:root { color-scheme: light; --ink: #1b1f24; --dim: #57606a; --line: #d0d7de; --back: #fff; --soft: #f6f8fa;
  --mark: #0b57d0; --good: #1a7f37; --asks: #8a5a00; --bad: #b3261e; --bad-back: #fff5f4; --rail: #e7ebef;
  --model: #7a4fc9; --policy: #0b6bcb; --human: #b35900; --tool: #2b7a4b; }
@media screen and (prefers-color-scheme: dark) { :root { color-scheme: dark; --ink: #e6edf3; --dim: #9aa4af;
  --line: #30363d; --back: #0d1117; --soft: #161b22; --mark: #7ab0ff; --good: #57c76f; --asks: #e3b341;
  --bad: #ff8a80; --bad-back: #2a1413; --rail: #21262d; --model: #b79af0; --policy: #79b8ff; --human: #ffb066;
  --tool: #7ad19a; } }
* { box-sizing: border-box; }
html { scroll-padding-top: 3.2rem; }
body { margin: 0 auto; max-width: 84rem; padding: 1.5rem 1rem 4rem; color: var(--ink); background: var(--back);
  font: 1rem/1.45 system-ui, sans-serif; }
h1 { font-size: 1.35rem; line-height: 1.25; margin: 0 0 .35rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2.25rem 0 .5rem; }
h3 { font-size: 1rem; margin: 0; overflow-wrap: anywhere; min-width: 0; }
h3 code { font-weight: 600; font-size: .95em; }
p { margin: .25rem 0; overflow-wrap: anywhere; } .dim { color: var(--dim); } .answer { font-size: 1.15rem; }
.good { color: var(--good); } .asks { color: var(--asks); } .bad { color: var(--bad); }
a { color: var(--mark); } :is(a, summary, button, pre, .wide, .chart):focus-visible {
  outline: 2px solid var(--mark); outline-offset: 2px; }
.skip { position: absolute; left: -99rem; } .skip:focus { left: 1rem; top: .5rem; background: var(--back);
  padding: .25rem .5rem; z-index: 3; }
code, pre { font: .875em/1.45 ui-monospace, monospace; overflow-wrap: anywhere; }
.facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .1rem 1rem; margin: .75rem 0; }
.facts dt { color: var(--dim); } .facts dd { margin: 0; overflow-wrap: anywhere; }
.gaps { list-style: none; margin: .75rem 0; padding: 0; }
.gaps li { margin: .5rem 0; overflow-wrap: anywhere;
  border-left: .25rem solid var(--bad); background: var(--bad-back); padding: .45rem .75rem; }
.doubt { border-left: .25rem solid var(--asks); background: var(--soft); padding: .45rem .75rem; margin: .6rem 0; }
.index { display: flex; flex-wrap: wrap; gap: .2rem .9rem; list-style: none; padding: 0; margin: .5rem 0;
  font-size: .9rem; }
.chart { overflow-x: auto; } svg { display: block; width: 100%; min-width: 52rem; height: auto; }
svg text { font: 11px system-ui, sans-serif; fill: var(--dim); } svg .name { fill: var(--ink); font-weight: 600; }
svg .rail { stroke: var(--rail); stroke-width: 1.5; } svg .grid { stroke: var(--rail); }
svg .hole { fill: var(--bad); font-weight: 700; font-size: 14px; } svg .wait { stroke: var(--human); fill: none;
  stroke-width: 4; opacity: .55; } svg .wait.open { stroke: var(--bad); stroke-dasharray: 5 4; }
svg .d-model { fill: var(--model); } svg .d-policy { fill: var(--policy); } svg .d-human { fill: var(--human); }
svg .d-tool { fill: var(--tool); }
.bar { display: flex; flex-wrap: wrap; gap: .5rem; margin: .5rem 0; }
.bar button { font: inherit; color: inherit; background: var(--soft); border: 1px solid var(--line);
  border-radius: .35rem; padding: .2rem .7rem; cursor: pointer; }
.lanes, .step { display: grid; grid-template-columns: 7.6rem repeat(4, minmax(0, 1fr)); gap: 0 .75rem; }
.lanes { position: sticky; top: 0; z-index: 2; background: var(--back); border-bottom: 1px solid var(--line);
  padding: .4rem 0; font-weight: 600; }
.lanes .model, .lane.model { color: var(--model); } .lanes .policy, .lane.policy { color: var(--policy); }
.lanes .human, .lane.human { color: var(--human); } .lanes .tool, .lane.tool { color: var(--tool); }
.block { border-top: 1px solid var(--line); padding: .9rem 0 .6rem; content-visibility: auto;
  contain-intrinsic-size: auto 26rem; }
.head { display: flex; flex-wrap: wrap; gap: .15rem 1rem; justify-content: space-between; align-items: baseline;
  margin-bottom: .45rem; }
.head .said { white-space: nowrap; font-weight: 600; } .between h3 { color: var(--dim); font-weight: 600; }
ol.steps { list-style: none; margin: 0; padding: 0; }
.step { padding: .18rem 0; align-items: start; position: relative; }
.when { color: var(--dim); font-variant-numeric: tabular-nums; text-align: right; font-size: .85rem;
  padding-top: .3rem; overflow-wrap: anywhere; }
.step.model .card { grid-column: 2; } .step.policy .card { grid-column: 3; } .step.human .card { grid-column: 4; }
.step.tool .card { grid-column: 5; } .step .card:has(> details[open]) { grid-column: 2 / -1; }
.card { border: 1px solid var(--line); border-left: .25rem solid var(--line); border-radius: .35rem;
  background: var(--back); min-width: 0; }
.model > .card { border-left-color: var(--model); } .policy > .card { border-left-color: var(--policy); }
.human > .card { border-left-color: var(--human); } .tool > .card { border-left-color: var(--tool); }
summary { cursor: pointer; padding: .25rem .55rem; overflow-wrap: anywhere; font-size: .92rem; }
.lane { font-size: .7rem; text-transform: uppercase; letter-spacing: .04em; margin-right: .35rem; }
.said-line { display: -webkit-box; -webkit-line-clamp: 4; -webkit-box-orient: vertical; overflow: hidden; }
details[open] .said-line { -webkit-line-clamp: none; }
.size { color: var(--dim); white-space: nowrap; font-size: .85rem; }
.in { padding: .1rem .75rem .6rem; } .in h4 { font-size: .8rem; margin: .6rem 0 .15rem; color: var(--dim);
  font-weight: 600; overflow-wrap: anywhere; }
.in pre { background: var(--soft); padding: .55rem .7rem; margin: .2rem 0; white-space: pre-wrap;
  border-radius: .25rem; max-height: 32rem; overflow: auto; }
.in .facts { font-size: .85rem; margin: .6rem 0 0; }
.hole .card { border: 2px dashed var(--bad); background: var(--bad-back); padding: .4rem .6rem; }
.hole .card p { font-size: .92rem; } .hole strong { color: var(--bad); }
.wide { overflow-x: auto; } table { border-collapse: collapse; } th, td { text-align: left;
  padding: .3rem 1.1rem .3rem 0; border-bottom: 1px solid var(--line); } th { color: var(--dim); font-weight: 600; }
.n { text-align: right; font-variant-numeric: tabular-nums; }
footer { margin-top: 2.5rem; padding-top: .75rem; border-top: 1px solid var(--line); }
@media screen and (max-width: 56rem) { body { padding: 1rem .75rem 3rem; } html { scroll-padding-top: 1rem; }
  .lanes { display: none; } .step { grid-template-columns: minmax(0, 1fr); }
  .step.model .card, .step.policy .card, .step.human .card, .step.tool .card,
  .step .card:has(> details[open]) { grid-column: 1; }
  .when { text-align: left; padding: .2rem 0 0; } .head .said { white-space: normal; }
  .facts { grid-template-columns: minmax(0, 1fr); } .facts dt { margin-top: .35rem; font-size: .85rem; } }
@page { size: landscape; margin: 12mm; }
@media print { body { max-width: none; padding: 0; font-size: 9pt; } summary { list-style: none; }
  summary, .hole .card p { font-size: 8.5pt; } .skip, .bar { display: none; }
  .lanes { position: static; } .block { content-visibility: visible; }
  .step, .head, .hole, tr, svg { break-inside: avoid; }
  .head, h2, h3, .lanes { break-after: avoid; } a { color: inherit; text-decoration: none; } svg { min-width: 0; }
  .lanes, .step { grid-template-columns: 7rem repeat(4, minmax(0, 1fr)); gap: 0 .4rem; }
  .in pre { max-height: none; overflow: visible; } .said-line { -webkit-line-clamp: none; }
  .card, svg * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""

SCRIPT = """
"use strict";
const bar = document.querySelector(".bar"), steps = document.querySelectorAll(".steps details");
for (const [name, open] of [["Open every step", true], ["Close every step", false]]) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = name;
  button.addEventListener("click", () => steps.forEach((step) => { step.open = open; }));
  bar.append(button);
}
"""
