"""The 66 rules of the hard set, each written three times: for a charter, in Python, in SQL.

By hand means as one would write it: in Python an exception says that the rule applies, in SQL a NULL does. Both are
exact for what `hard_args` makes, not for every JSON text.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import hard_args as shapes

EACH = 10  # tools of one family


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, three times.

    Args:
        tools: numbers of the tools of the family that it concerns.
        form: `when` it applies, or `only_if` it does not.
        effect: `deny` or `approval`.
        cel, python, sql: the condition.
    """

    tools: tuple[int, ...]
    form: str
    effect: str
    cel: str
    python: str
    sql: str


@dataclass(frozen=True, slots=True)
class Family:
    """Ten tools with one shape of arguments; `odd` are those that are sometimes malformed."""

    name: str
    args: Callable[[random.Random], dict[str, Any]]
    odd: tuple[str, ...]
    rules: tuple[Rule, ...]


def _listed(path: str, test: str, *, some: bool = False, of: str = "string") -> str:
    """SQL by hand: all items (or some) of a list; NULL where it is none."""
    items = f"json_extract{'_string' if of == 'string' else ''}(args, '$.{path}[*]')"
    wanted, sign = (test, "> 0") if some else (f"NOT ({test})", "= 0")
    return (
        f"CASE WHEN json_type(args, '$.{path}') = 'ARRAY' THEN len(list_filter({items}, lambda x: {wanted})) {sign} END"
    )


def _string(path: str, test: str) -> str:
    """SQL by hand: a test of a string; NULL where it is none."""
    return f"CASE WHEN json_type(args, '$.{path}') = 'VARCHAR' THEN {test} END"


_CORP = "x LIKE '%@corp.com'"
FAMILIES = (
    Family("mail", shapes.mail, ("to", "attachments", "cc"), (
        Rule((0, 1, 2), "only_if", "deny", "args.to.endsWith('@corp.com') || args.to.endsWith('@partner.org')",
             "a['to'].endswith('@corp.com') or a['to'].endswith('@partner.org')",
             "args->>'$.to' LIKE '%@corp.com' OR args->>'$.to' LIKE '%@partner.org'"),
        Rule((0, 3), "only_if", "approval", "args.cc.all(x, x.endsWith('@corp.com'))",
             "all(x.endswith('@corp.com') for x in a['cc'])", _listed("cc", _CORP)),
        Rule((1, 4), "when", "approval", "args.attachments.exists(x, x.size > 900000)",
             "any(x['size'] > 900000 for x in a['attachments'])",
             _listed("attachments", "CAST(x->>'$.size' AS BIGINT) > 900000", some=True, of="object")),
        Rule((2, 4), "when", "deny", "args.attachments.exists(x, x.name.matches('[.](exe|js)$'))",
             "any(EXE(x['name']) for x in a['attachments'])",
             _listed("attachments", "regexp_matches(x->>'$.name', '[.](exe|js)$')", some=True, of="object")),
        Rule((5,), "when", "approval", "args.body.contains('password')",
             "'password' in a['body']", "contains(args->>'$.body', 'password')"),
        Rule((3, 6), "when", "approval", "size(args.cc) > 1", "len(a['cc']) > 1",
             "CASE WHEN json_type(args, '$.cc') = 'ARRAY' THEN json_array_length(args, '$.cc') > 1 END"),
        Rule((5, 6), "only_if", "deny", "args.to.matches('^[a-z]+[.][a-z]+@')",
             "NAMED(a['to'])", "regexp_matches(args->>'$.to', '^[a-z]+[.][a-z]+@')"),
    )),
    Family("pay", shapes.pay, ("amount", "lines"), (
        Rule((0, 1, 2, 3), "when", "approval", "args.amount > 500", "a['amount'] > 500",
             "TRY_CAST(args->>'$.amount' AS DOUBLE) > 500"),
        Rule((0, 4), "only_if", "deny", "args.currency in ['EUR', 'USD']", "a['currency'] in ('EUR', 'USD')",
             "args->>'$.currency' IN ('EUR', 'USD')"),
        Rule((1, 5), "only_if", "deny", "args.iban.matches('^[A-Z]{2}[0-9]{2}[A-Z0-9]{10,26}$')", "IBAN(a['iban'])",
             "regexp_matches(args->>'$.iban', '^[A-Z]{2}[0-9]{2}[A-Z0-9]{10,26}$')"),
        Rule((2, 4), "when", "approval", "args.lines.exists(x, x.qty * x.price > 1500)",
             "any(x['qty'] * x['price'] > 1500 for x in a['lines'])",
             _listed("lines", "CAST(x->>'$.qty' AS BIGINT) * CAST(x->>'$.price' AS BIGINT) > 1500", some=True,
                     of="object")),
        Rule((3, 5), "only_if", "deny", "args.lines.all(x, x.sku.startsWith('A') || x.sku.startsWith('B'))",
             "all(x['sku'].startswith(('A', 'B')) for x in a['lines'])",
             _listed("lines", "x->>'$.sku' LIKE 'A%' OR x->>'$.sku' LIKE 'B%'", of="object")),
        Rule((6, 7), "when", "approval", "size(args.lines) > 2", "len(a['lines']) > 2",
             "CASE WHEN json_type(args, '$.lines') = 'ARRAY' THEN json_array_length(args, '$.lines') > 2 END"),
        Rule((6,), "only_if", "deny", "args.amount * 2 + 10 <= 1200", "a['amount'] * 2 + 10 <= 1200",
             "TRY_CAST(args->>'$.amount' AS DOUBLE) * 2 + 10 <= 1200"),
    )),
    Family("file", shapes.file, ("path", "options"), (
        Rule((0, 1, 2, 3, 4), "only_if", "deny", "within(args.path, '/srv/data')",
             "a['path'].startswith('/srv/data/') and '/../' not in a['path']",
             "args->>'$.path' LIKE '/srv/data/%' AND args->>'$.path' NOT LIKE '%/../%'"),
        Rule((0, 5), "when", "approval", "args.path.endsWith('.py')", "a['path'].endswith('.py')",
             _string("path", "args->>'$.path' LIKE '%.py'")),
        Rule((1, 6), "when", "deny", "args.path.matches('[.]env$')", "ENV(a['path'])",
             _string("path", "regexp_matches(args->>'$.path', '[.]env$')")),
        Rule((2, 5), "only_if", "approval", "args.options.backup == true", "a['options']['backup'] is True",
             "args->>'$.options.backup' = 'true'"),
        Rule((3, 6), "when", "approval", "args.mode in ['replace', 'append'] && args.content.contains('total')",
             "a['mode'] in ('replace', 'append') and 'total' in a['content']",
             "args->>'$.mode' IN ('replace', 'append') AND contains(args->>'$.content', 'total')"),
        Rule((7,), "when", "approval", "size(args.content) > 45", "len(a['content']) > 45",
             "length(args->>'$.content') > 45"),
        Rule((4, 7), "only_if", "approval", "args.options.encoding == 'utf-8'", "a['options']['encoding'] == 'utf-8'",
             "args->>'$.options.encoding' = 'utf-8'"),
    )),
    Family("db", shapes.db, ("query", "limit"), (
        Rule((0, 1, 2), "when", "deny", "args.query.matches('(?i)\\\\b(drop|truncate)\\\\b')", "DROP(a['query'])",
             _string("query", "regexp_matches(args->>'$.query', '(?i)\\b(drop|truncate)\\b')")),
        Rule((0, 3), "only_if", "approval", "args.limit <= 1500", "a['limit'] <= 1500",
             "TRY_CAST(args->>'$.limit' AS BIGINT) <= 1500"),
        Rule((1, 4), "only_if", "approval", "args.query.startsWith('SELECT')", "a['query'].startswith('SELECT')",
             "args->>'$.query' LIKE 'SELECT%'"),
        Rule((2, 3), "only_if", "deny", "args.params.all(x, !x.contains(';'))",
             "all(';' not in x for x in a['params'])", _listed("params", "NOT contains(x, ';')")),
        Rule((5,), "when", "deny", "args.params.exists(x, x.endsWith('%'))",
             "any(x.endswith('%') for x in a['params'])", _listed("params", "suffix(x, '%')", some=True)),
        Rule((4, 5), "when", "approval", "args.database == 'staff' && !args.reason.contains('review')",
             "a['database'] == 'staff' and 'review' not in a['reason']",
             "args->>'$.database' = 'staff' AND NOT contains(args->>'$.reason', 'review')"),
    )),
    Family("shell", shapes.shell, ("argv", "timeout"), (
        Rule((0, 1, 2, 3), "only_if", "deny", "args.argv[0] in ['git', 'ls', 'make', 'python']",
             "argv(a)[0] in ('git', 'ls', 'make', 'python')",
             "args->>'$.argv[0]' IN ('git', 'ls', 'make', 'python')"),
        Rule((0, 4), "when", "deny", "args.argv.exists(x, x == '-rf' || x.matches('^--force'))",
             "any(x == '-rf' or FORCE(x) for x in argv(a))",
             _listed("argv", "x = '-rf' OR regexp_matches(x, '^--force')", some=True)),
        Rule((1, 5), "only_if", "deny", "within(args.cwd, '/srv/build')",
             "a['cwd'].startswith('/srv/build/')", "args->>'$.cwd' LIKE '/srv/build/%'"),
        Rule((2, 4), "when", "approval", "args.env.STAGE == 'prod'", "a['env']['STAGE'] == 'prod'",
             "args->>'$.env.STAGE' = 'prod'"),
        Rule((3, 5), "only_if", "approval", "args.timeout <= 600", "a['timeout'] <= 600",
             "TRY_CAST(args->>'$.timeout' AS BIGINT) <= 600"),
        Rule((6,), "when", "approval", "size(args.argv) > 3", "len(argv(a)) > 3",
             "CASE WHEN json_type(args, '$.argv') = 'ARRAY' THEN json_array_length(args, '$.argv') > 3 END"),
        Rule((6, 7), "only_if", "approval", "has(args.env.CI) && args.env.CI == '1'",
             "'CI' in a['env'] and a['env']['CI'] == '1'", "args->>'$.env.CI' = '1'"),
    )),
    Family("web", shapes.web, ("url", "headers"), (
        Rule((0, 1, 2, 3), "only_if", "deny",
             "url(args.url).host in ['api.corp.com', 'www.corp.com', 'files.partner.org']",
             "HOST(a['url']).group(1) in ('api.corp.com', 'www.corp.com', 'files.partner.org')",
             "regexp_extract(args->>'$.url', '^https?://([^/]+)/', 1) IN "
             "('api.corp.com', 'www.corp.com', 'files.partner.org')"),
        Rule((0, 4), "only_if", "deny", "args.url.startsWith('https://')", "a['url'].startswith('https://')",
             "args->>'$.url' LIKE 'https://%'"),
        Rule((1, 5), "only_if", "approval", "args.method == 'GET'", "a['method'] == 'GET'",
             "args->>'$.method' = 'GET'"),
        Rule((2, 4), "when", "deny", "args.headers.exists(x, lower(x.name) == 'authorization')",
             "any(x['name'].lower() == 'authorization' for x in a['headers'])",
             _listed("headers", "lower(x->>'$.name') = 'authorization'", some=True, of="object")),
        Rule((3, 5), "when", "approval", "args.url.matches('/v[12]/[a-m]')", "V12(a['url'])",
             _string("url", "regexp_matches(args->>'$.url', '/v[12]/[a-m]')")),
        Rule((6,), "when", "approval", "args.body.items > 30", "a['body']['items'] > 30",
             "CAST(args->>'$.body.items' AS BIGINT) > 30"),
        Rule((6, 7), "only_if", "approval", "args.headers.all(x, x.value in ['note', 'plan', 'team', 'list', 'copy'])",
             "all(x['value'] in ('note', 'plan', 'team', 'list', 'copy') for x in a['headers'])",
             _listed("headers", "x->>'$.value' IN ('note', 'plan', 'team', 'list', 'copy')", of="object")),
    )),
    Family("meet", shapes.meet, ("attendees", "minutes"), (
        Rule((0, 1, 2), "only_if", "approval", "args.attendees.all(x, x.email.endsWith('@corp.com'))",
             "all(x['email'].endswith('@corp.com') for x in a['attendees'])",
             _listed("attendees", "x->>'$.email' LIKE '%@corp.com'", of="object")),
        Rule((0, 3), "when", "approval", "args.minutes >= 90", "a['minutes'] >= 90",
             "TRY_CAST(args->>'$.minutes' AS BIGINT) >= 90"),
        Rule((1, 4), "when", "deny", "args.attendees.exists(x, x.role == 'chair' && domain(x.email) == 'else.net')",
             "any(x['role'] == 'chair' and x['email'].rpartition('@')[2] == 'else.net' for x in a['attendees'])",
             _listed("attendees", "x->>'$.role' = 'chair' AND split_part(x->>'$.email', '@', 2) = 'else.net'",
                     some=True, of="object")),
        Rule((3, 5), "only_if", "deny", "args.room.floor < 8", "a['room']['floor'] < 8",
             "CAST(args->>'$.room.floor' AS BIGINT) < 8"),
        Rule((2, 4), "when", "approval", "size(args.attendees) > 2", "len(a['attendees']) > 2",
             "CASE WHEN json_type(args, '$.attendees') = 'ARRAY' THEN json_array_length(args, '$.attendees') > 2 END"),
        Rule((5,), "when", "approval", "args.minutes - 15 > 40", "a['minutes'] - 15 > 40",
             "TRY_CAST(args->>'$.minutes' AS BIGINT) - 15 > 40"),
    )),
    Family("ticket", shapes.ticket, ("labels", "priority"), (
        Rule((0, 1, 2, 3), "when", "approval", "args.labels.exists(x, x in ['security', 'billing'])",
             "any(x in ('security', 'billing') for x in labels(a))",
             _listed("labels", "x IN ('security', 'billing')", some=True)),
        Rule((0, 4), "when", "approval", "args.priority < 2", "a['priority'] < 2",
             "TRY_CAST(args->>'$.priority' AS BIGINT) < 2"),
        Rule((1, 5), "only_if", "deny", "args.links.all(x, x.to < 900)", "all(x['to'] < 900 for x in a['links'])",
             _listed("links", "CAST(x->>'$.to' AS BIGINT) < 900", of="object")),
        Rule((2, 4), "only_if", "approval", "!('urgent' in args.labels)", "'urgent' not in labels(a)",
             _listed("labels", "x <> 'urgent'")),
        Rule((3, 5), "when", "deny", "args.state == 'closed' && args.body.matches('late|change')",
             "a['state'] == 'closed' and LATE(a['body'])",
             "args->>'$.state' = 'closed' AND regexp_matches(args->>'$.body', 'late|change')"),
        Rule((6,), "when", "approval", "args.links.exists(x, x.kind == 'copies' && x.to > 500)",
             "any(x['kind'] == 'copies' and x['to'] > 500 for x in a['links'])",
             _listed("links", "x->>'$.kind' = 'copies' AND CAST(x->>'$.to' AS BIGINT) > 500", some=True, of="object")),
        Rule((6, 7), "only_if", "deny", "args.priority in [1, 2, 3, 4]",
             "a['priority'] in (1, 2, 3, 4)", "TRY_CAST(args->>'$.priority' AS BIGINT) IN (1, 2, 3, 4)"),
    )),
    Family("deploy", shapes.deploy, ("replicas", "regions"), (
        Rule((0, 1, 2, 3), "when", "approval", "args.replicas > 30", "a['replicas'] > 30",
             "TRY_CAST(args->>'$.replicas' AS BIGINT) > 30"),
        Rule((0, 4), "only_if", "deny", "args.regions.all(x, x.startsWith('eu-') || x == 'us-1')",
             "all(x.startswith('eu-') or x == 'us-1' for x in a['regions'])",
             _listed("regions", "x LIKE 'eu-%' OR x = 'us-1'")),
        Rule((1, 5), "only_if", "deny", "args.image.matches('^registry[.]corp[.]com/[a-z]+:[0-9.]+$')",
             "IMAGE(a['image'])",
             "regexp_matches(args->>'$.image', '^registry[.]corp[.]com/[a-z]+:[0-9.]+$')"),
        Rule((2, 4), "when", "approval", "args.limits.cpu * args.limits.memory > 16384",
             "a['limits']['cpu'] * a['limits']['memory'] > 16384",
             "CAST(args->>'$.limits.cpu' AS BIGINT) * CAST(args->>'$.limits.memory' AS BIGINT) > 16384"),
        Rule((3, 5), "when", "approval", "args.steps.exists(x, x.wait > 80)", "any(x['wait'] > 80 for x in a['steps'])",
             _listed("steps", "CAST(x->>'$.wait' AS BIGINT) > 80", some=True, of="object")),
        Rule((6, 7), "only_if", "approval", "size(args.regions) <= 2 && args.image.contains('registry.corp.com')",
             "len(a['regions']) <= 2 and 'registry.corp.com' in a['image']",
             "json_type(args, '$.regions') = 'ARRAY' AND json_array_length(args, '$.regions') <= 2 "
             "AND contains(args->>'$.image', 'registry.corp.com')"),
    )),
    Family("crm", shapes.crm, ("contact", "score"), (
        Rule((0, 1, 2, 3), "only_if", "deny", "domain(args.contact.email) in ['corp.com', 'partner.org']",
             "a['contact']['email'].rpartition('@')[2] in ('corp.com', 'partner.org')",
             "split_part(args->>'$.contact.email', '@', 2) IN ('corp.com', 'partner.org')"),
        Rule((0, 4), "when", "deny", "has(args.delete)", "'delete' in a", "json_exists(args, '$.delete')"),
        Rule((1, 5), "only_if", "approval", "args.score >= 20", "a['score'] >= 20",
             "TRY_CAST(args->>'$.score' AS BIGINT) >= 20"),
        Rule((2, 4), "only_if", "approval", "args.contact.phone.matches('^[+]49 [0-9 ]+$')",
             "PHONE(a['contact']['phone'])", "regexp_matches(args->>'$.contact.phone', '^[+]49 [0-9 ]+$')"),
        Rule((3, 5), "when", "approval", "args.fields.turnover > 8000 || args.fields.segment == 'large'",
             "a['fields']['turnover'] > 8000 or a['fields']['segment'] == 'large'",
             "CAST(args->>'$.fields.turnover' AS BIGINT) > 8000 OR args->>'$.fields.segment' = 'large'"),
        Rule((6, 7), "when", "approval", "args.note.contains('client') && args.note.matches('(invoice|order)')",
             "'client' in a['note'] and ORDER(a['note'])",
             "contains(args->>'$.note', 'client') AND regexp_matches(args->>'$.note', '(invoice|order)')"),
    )),
)  # fmt: skip
