"""The hard set in Rego, by hand: for every rule of `hard_rules`, in its order, what says that it does not apply.

A body that is undefined (a missing argument) is not fine, so the rule applies. Kinds are asked first: one engine stops
at a built-in function that gets another kind, and Rego orders values of different kinds instead of refusing.
"""

from __future__ import annotations

from .hard_rules import EACH, FAMILIES

FINE = {
    "mail": (
        'is_string(a.to); ends_any(a.to, ["@corp.com", "@partner.org"])',
        'is_array(a.cc); every x in a.cc { endswith(x, "@corp.com") }',
        "is_array(a.attachments); every x in a.attachments { x.size <= 900000 }",
        'is_array(a.attachments); every x in a.attachments { not regex.match("[.](exe|js)$", x.name) }',
        'not contains(a.body, "password")',
        "is_array(a.cc); count(a.cc) <= 1",
        'is_string(a.to); regex.match("^[a-z]+[.][a-z]+@", a.to)',
    ),
    "pay": (
        "is_number(a.amount); a.amount <= 500",
        'a.currency in {"EUR", "USD"}',
        'regex.match("^[A-Z]{2}[0-9]{2}[A-Z0-9]{10,26}$", a.iban)',
        "is_array(a.lines); every x in a.lines { x.qty * x.price <= 1500 }",
        'is_array(a.lines); every x in a.lines { starts_any(x.sku, ["A", "B"]) }',
        "is_array(a.lines); count(a.lines) <= 2",
        "is_number(a.amount); (a.amount * 2) + 10 <= 1200",
    ),
    "file": (
        'is_string(a.path); startswith(a.path, "/srv/data/"); not contains(a.path, "/../")',
        'is_string(a.path); not endswith(a.path, ".py")',
        'is_string(a.path); not regex.match("[.]env$", a.path)',
        "a.options.backup == true",
        "not total_written",
        "count(a.content) <= 45",
        'a.options.encoding == "utf-8"',
    ),
    "db": (
        r"is_string(a.query); not regex.match(`(?i)\b(drop|truncate)\b`, a.query)",
        "is_number(a.limit); a.limit <= 1500",
        'is_string(a.query); startswith(a.query, "SELECT")',
        'every x in a.params { not contains(x, ";") }',
        'every x in a.params { not endswith(x, "%") }',
        "not staff_unreviewed",
    ),
    "shell": (
        'is_array(a.argv); a.argv[0] in {"git", "ls", "make", "python"}',
        'is_array(a.argv); every x in a.argv { x != "-rf"; not regex.match("^--force", x) }',
        'startswith(a.cwd, "/srv/build/")',
        'a.env.STAGE != "prod"',
        "is_number(a.timeout); a.timeout <= 600",
        "is_array(a.argv); count(a.argv) <= 3",
        'a.env.CI == "1"',
    ),
    "web": (
        'is_string(a.url); split(a.url, "/")[2] in {"api.corp.com", "www.corp.com", "files.partner.org"}',
        'is_string(a.url); startswith(a.url, "https://")',
        'a.method == "GET"',
        'is_array(a.headers); every x in a.headers { lower(x.name) != "authorization" }',
        'is_string(a.url); not regex.match("/v[12]/[a-m]", a.url)',
        "a.body.items <= 30",
        'is_array(a.headers); every x in a.headers { x.value in {"note", "plan", "team", "list", "copy"} }',
    ),
    "meet": (
        'is_array(a.attendees); every x in a.attendees { endswith(x.email, "@corp.com") }',
        "is_number(a.minutes); a.minutes < 90",
        "is_array(a.attendees); every x in a.attendees { not foreign_chair(x) }",
        "a.room.floor < 8",
        "is_array(a.attendees); count(a.attendees) <= 2",
        "is_number(a.minutes); a.minutes - 15 <= 40",
    ),
    "ticket": (
        'is_array(a.labels); every x in a.labels { not x in {"security", "billing"} }',
        "is_number(a.priority); a.priority >= 2",
        "every x in a.links { x.to < 900 }",
        'is_array(a.labels); not "urgent" in a.labels',
        "not late_close",
        "every x in a.links { not long_copy(x) }",
        "a.priority in {1, 2, 3, 4}",
    ),
    "deploy": (
        "is_number(a.replicas); a.replicas <= 30",
        "is_array(a.regions); every x in a.regions { known_region(x) }",
        'regex.match("^registry[.]corp[.]com/[a-z]+:[0-9.]+$", a.image)',
        "a.limits.cpu * a.limits.memory <= 16384",
        "every x in a.steps { x.wait <= 80 }",
        'is_array(a.regions); count(a.regions) <= 2; contains(a.image, "registry.corp.com")',
    ),
    "crm": (
        'split(a.contact.email, "@")[1] in {"corp.com", "partner.org"}',
        'not a["delete"]',
        "is_number(a.score); a.score >= 20",
        'regex.match("^[+]49 [0-9 ]+$", a.contact.phone)',
        'a.fields.turnover <= 8000; a.fields.segment != "large"',
        "not client_order",
    ),
}

_HEAD = """package hard
import rego.v1

a := input.args

ends_any(text, ends) if { some end in ends; endswith(text, end) }
starts_any(text, starts) if { some start in starts; startswith(text, start) }
total_written if { a.mode in {"replace", "append"}; contains(a.content, "total") }
staff_unreviewed if { a.database == "staff"; not contains(a.reason, "review") }
foreign_chair(x) if { x.role == "chair"; endswith(x.email, "@else.net") }
late_close if { a.state == "closed"; regex.match("late|change", a.body) }
long_copy(x) if { x.kind == "copies"; x.to > 500 }
known_region(x) if startswith(x, "eu-")
known_region(x) if x == "us-1"
client_order if { contains(a.note, "client"); regex.match("(invoice|order)", a.note) }
"""


def policy() -> str:
    """The module `hard`: a rule `verdict_TOOL` for every tool, so that only what concerns the call is evaluated."""
    lines = [_HEAD]
    for family in FAMILIES:
        for index, fine in enumerate(FINE[family.name]):
            lines.append(f"{family.name}_rule_{index} if {{ {fine} }}")
        for tool in range(EACH):
            answers = [
                f'"{effect}" if not {family.name}_rule_{index}'
                for effect in ("deny", "approval")
                for index, rule in enumerate(family.rules)
                if tool in rule.tools and rule.effect == effect
            ]
            answers.append('"approval"' if tool == EACH - 1 else '"allow"')
            lines.append(f"verdict_{family.name}_{tool} := " + "\nelse := ".join(answers))
    return "\n".join(lines)
