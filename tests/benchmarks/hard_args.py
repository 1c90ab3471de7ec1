"""The arguments of the hard set: ten families of tools, each with one shape of arguments, made from a seed."""

from __future__ import annotations

import random
from typing import Any

WORDS = (
    "order", "invoice", "late", "copy", "team", "note", "plan", "status",
    "review", "client", "draft", "total", "weekly", "change", "list", "update",
)  # fmt: skip
PEOPLE = ["ana.ruiz", "b.okafor", "c.lindt", "d.novak", "erin.shaw", "f.haddad", "g.moreau", "h.tanaka"]
HOSTS = ["corp.com"] * 12 + ["partner.org"] * 3 + ["else.net"]


def _text(rng: random.Random, words: int) -> str:
    return " ".join(rng.choices(WORDS, k=words))


def _person(rng: random.Random) -> str:
    return f"{rng.choice(PEOPLE)}@{rng.choice(HOSTS)}"


def mail(rng: random.Random) -> dict[str, Any]:
    return {
        "attachments": [
            {"name": f"{rng.choice(WORDS)}.{rng.choice(['pdf', 'csv', 'txt', 'exe'])}", "size": rng.randint(1, 10**6)}
            for _ in range(rng.choice((0, 1, 1)))
        ],
        "body": _text(rng, 5) + rng.choice(["", "", "", " password"]),
        "cc": [_person(rng) for _ in range(rng.choice((0, 1, 2)))],
        "subject": _text(rng, 2),
        "to": _person(rng),
    }


def pay(rng: random.Random) -> dict[str, Any]:
    return {
        "amount": rng.choice((rng.randint(1, 700), round(rng.randint(1, 600) + rng.randint(1, 99) / 100, 2))),
        "currency": rng.choice(("EUR", "EUR", "USD", "CHF")),
        "iban": f"{rng.choice(('DE', 'FR', 'x1'))}{rng.randint(10, 99)}{rng.randint(10**11, 10**12 - 1)}",
        "lines": [
            {"price": rng.randrange(400), "qty": rng.randrange(10), "sku": f"{rng.choice('AAABC')}{rng.randrange(99)}"}
            for _ in range(rng.randint(1, 3))
        ],
        "memo": _text(rng, 1),
    }  # fmt: skip


def file(rng: random.Random) -> dict[str, Any]:
    folder = rng.choice(("/srv/data/in", "/srv/data/out", "/srv/data/tmp", "/etc", "/srv/data/../keys"))
    return {
        "content": _text(rng, 6),
        "mode": rng.choice(("append", "create", "replace")),
        "options": {"backup": rng.random() < 0.6, "encoding": rng.choice(("utf-8", "latin-1")), "retries": 3},
        "path": f"{folder}/{rng.choice(WORDS)}/{rng.choice(WORDS)}.{rng.choice(('txt', 'csv', 'py', 'env'))}",
    }


def db(rng: random.Random) -> dict[str, Any]:
    table = rng.choice(WORDS)
    verb = rng.choice(("SELECT id, name FROM", "SELECT * FROM", "UPDATE", "drop TABLE", "DELETE FROM"))
    return {
        "database": rng.choice(("sales", "staff", "logs")),
        "limit": rng.randint(1, 2000),
        "params": [rng.choice((_text(rng, 1), "100%", "a;b")) for _ in range(rng.randint(1, 3))],
        "query": f"{verb} {table} WHERE {rng.choice(WORDS)} = ? AND {rng.choice(WORDS)} > {rng.randint(1, 99)}",
        "reason": _text(rng, 2),
    }


def shell(rng: random.Random) -> dict[str, Any]:
    return {
        "argv": [
            rng.choice(("git", "ls", "make", "rm", "python")),
            *rng.choices(("-v", "--all", "src", "tests", "-rf", "main", "--force"), k=rng.randint(1, 3)),
        ],
        "cwd": rng.choice(("/srv/build/app", "/srv/build/site", "/root", "/srv/build/lib")),
        "env": {"CI": rng.choice(("1", "0")), "LANG": "C.UTF-8", "STAGE": rng.choice(("dev", "test", "prod"))},
        "explain": _text(rng, 3),
        "timeout": rng.randint(1, 900),
    }


def web(rng: random.Random) -> dict[str, Any]:
    host = rng.choice(("api.corp.com", "www.corp.com", "files.partner.org", "paste.else.net"))
    return {
        "body": {"items": rng.randint(1, 40), "text": _text(rng, 4)},
        "headers": [
            {"name": rng.choice(("accept", "authorization", "x-trace")), "value": rng.choice(WORDS)}
            for _ in range(rng.randint(1, 2))
        ],
        "method": rng.choice(("GET", "GET", "POST", "DELETE")),
        "url": f"{rng.choice(('https', 'https', 'http'))}://{host}/v{rng.randint(1, 3)}/{rng.choice(WORDS)}",
    }


def meet(rng: random.Random) -> dict[str, Any]:
    return {
        "attendees": [
            {"email": _person(rng), "role": rng.choice(("chair", "guest", "guest"))} for _ in range(rng.randint(1, 3))
        ],
        "minutes": rng.choice((15, 30, 60, 90, 240)),
        "room": {"floor": rng.randint(0, 9), "name": rng.choice(WORDS)},
        "title": _text(rng, 4),
    }


def ticket(rng: random.Random) -> dict[str, Any]:
    return {
        "assignee": rng.choice(PEOPLE),
        "body": _text(rng, 6),
        "labels": rng.sample(("bug", "security", "billing", "docs", "urgent", "internal"), k=rng.randint(1, 3)),
        "links": [{"kind": rng.choice(("blocks", "copies")), "to": rng.randint(1, 999)}],
        "priority": rng.randint(1, 5),
        "state": rng.choice(("open", "closed", "held")),
    }


def deploy(rng: random.Random) -> dict[str, Any]:
    return {
        "image": f"registry.corp.com/{rng.choice(WORDS)}:{rng.choice(('latest', '1.4.2', '2.0.0', '3.1.7'))}",
        "limits": {"cpu": rng.randint(1, 16), "memory": rng.choice((256, 512, 4096))},
        "regions": rng.sample(("eu-1", "eu-2", "us-1", "ap-1"), k=rng.randint(1, 3)),
        "replicas": rng.randint(1, 40),
        "service": rng.choice(WORDS),
        "steps": [{"name": rng.choice(WORDS), "wait": rng.randint(0, 90)} for _ in range(rng.randint(1, 2))],
    }


def crm(rng: random.Random) -> dict[str, Any]:
    made: dict[str, Any] = {
        "contact": {"email": _person(rng), "name": rng.choice(PEOPLE), "phone": f"+49 30 {rng.randint(10**5, 10**6)}"},
        "fields": {"segment": rng.choice(("small", "large")), "turnover": rng.randint(1, 9000)},
        "note": _text(rng, 5),
        "score": rng.randint(0, 100),
    }
    if rng.random() < 0.2:
        made["delete"] = True
    return made
