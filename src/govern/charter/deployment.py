"""A deployment file: what is not policy. Who holds which role, where notifications go, mode, zone, calendar, minimums.

It is signed or read-only to the agent; its digest is in every decision. Leaves out sending notifications and
reading secrets: a secret is named here, never written.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path

from govern.charter import vocabulary
from govern.charter.load import other_language, tree_of
from govern.charter.model import Word
from govern.charter.reader import Fields, Reader
from govern.charter.source import Source, read
from govern.charter.yaml_tree import Map, Node, Scalar
from govern.errors import AuthorError
from govern.findings import Finding, Location, did_you_mean


@dataclass(frozen=True, slots=True)
class Held:
    """Who holds a role, and the notifications that tell them."""

    people: tuple[Word, ...]
    notify: tuple[Word, ...]
    at: Location


@dataclass(frozen=True, slots=True)
class Channel:
    """Where a notification goes: exactly one of mail, webhook, command."""

    mail: str
    webhook: str
    command: tuple[str, ...]
    secret: Word | None
    at: Location


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployment as loaded.

    Args:
        keys: public keys of people, by identity: the base64 of an Ed25519 SubjectPublicKeyInfo.
        secrets: name to `env:NAME` or `file:PATH`.
        shadow_until: the first day on which it is enforced; None enforces.
        business_days: weekdays in lower case.
        minimums: bases that every charter deployed here is composed with, as paths from the deployment's folder.
        digest: `sha256:…` of the file's bytes.
    """

    name: str
    roles: dict[str, Held]
    keys: dict[str, tuple[str, ...]]
    notifications: dict[str, Channel]
    secrets: dict[str, str]
    shadow_until: date | None
    time_zone: str
    business_days: tuple[str, ...]
    holidays: tuple[date, ...]
    minimums: tuple[str, ...]
    source: Source
    digest: str


def load_deployment(path: str | Path) -> tuple[Deployment | None, tuple[Finding, ...]]:
    """Loads a deployment file; None with everything that is wrong with it.

    Args:
        path: a file; `-` is standard input.
    """
    data = read(path)
    if isinstance(data, Finding):
        return None, (data,)
    return read_deployment(data, "standard input" if str(path) == "-" else str(path))


def deployment_or_raise(path: str | Path) -> Deployment:
    """Loads a deployment file for judging with it.

    Raises:
        AuthorError: it is none; the message lists everything wrong.
    """
    deployment, findings = load_deployment(path)
    if deployment is not None:
        return deployment
    lines = [f"  {each.location}: {each.message} [{each.rule}]" for each in findings]
    raise AuthorError("no deployment file\n" + "\n".join(lines), where=str(path), hint="`govern lint` shows each")


def is_deployment(path: str | Path) -> bool:
    """Whether a file calls itself a deployment; whether it is a good one, `load_deployment` says."""
    data = read(path)
    source = None if isinstance(data, Finding) else tree_of(data, str(path))[0]
    return source is not None and calls_itself_deployment(source)


def calls_itself_deployment(source: Source) -> bool:
    """Whether a text has a top-level key `deployment`, and is no test suite, which names one."""
    _, node, _ = tree_of(source.text.encode("utf-8", "surrogatepass"), source.file)
    keys = {key.value for key, _ in node.entries} if isinstance(node, Map) else set()
    return "deployment" in keys and "tests" not in keys


def minimums(path: str | Path, deployment: Deployment | None) -> tuple[str, ...]:
    """A deployment's minimums, which stand beside it, as paths from a charter's folder."""
    if deployment is None or not deployment.minimums:
        return ()
    here = os.path.dirname(str(path)) if str(path) != "-" else ""
    there = os.path.dirname(deployment.source.file)
    made = (_from(here or ".", os.path.join(there, name)) for name in deployment.minimums)
    return tuple(each.replace(os.sep, "/") for each in made)


def _from(folder: str, file: str) -> str:
    """A file's path from a folder: where no link lies between them, however the two are spelt."""
    real = os.path.relpath(os.path.realpath(file), os.path.realpath(folder))
    there = os.path.normpath(os.path.join(folder, real))  # as `files.beside` will read it
    same = os.path.exists(there) and os.path.exists(file) and os.path.samefile(there, file)
    return real if same else os.path.relpath(file, folder)


def read_deployment(data: bytes, file: str) -> tuple[Deployment | None, tuple[Finding, ...]]:
    """A deployment of a file's bytes, or everything that is wrong with it.

    Args:
        file: the name that findings show.
    """
    source, node, findings = tree_of(data, file)
    if source is None or node is None:
        return None, tuple(sorted(findings, key=lambda each: each.sort_key))
    reader = Reader(source)
    made: Deployment | None = None
    if not isinstance(node, Map):
        reader.wrong(node, "a deployment", "a mapping that begins with `govern: 1`")
    elif not other_language(reader, node):
        fields = reader.fields(node, vocabulary.DEPLOYMENT)
        if fields is not None:
            made = _deployment(reader, fields, f"sha256:{sha256(data).hexdigest()}")
    found = (*findings, *reader.findings)
    return (None if found else made), tuple(sorted(set(found), key=lambda each: each.sort_key))


def _deployment(reader: Reader, fields: Fields, digest: str) -> Deployment | None:
    name = reader.name(fields["deployment"], "`deployment`") if "deployment" in fields else None
    channels = _channels(reader, fields["notifications"]) if "notifications" in fields else {}
    secrets = _secrets(reader, fields["secrets"]) if "secrets" in fields else {}
    roles = (
        _roles(reader, fields["roles"], channels if _whole(fields, "notifications") else None)
        if "roles" in fields
        else {}
    )
    for channel in channels.values() if _whole(fields, "secrets") else ():
        if channel is not None and channel.secret is not None and channel.secret.name not in secrets:
            hint = did_you_mean(channel.secret.name, secrets) or "name it under `secrets`"
            reader.told("undefined-secret", channel.secret.at, f"`{channel.secret}` is not among `secrets`", hint)
    keys = _keys(reader, fields["keys"]) if "keys" in fields else {}
    mode, until = _mode(reader, fields["mode"]) if "mode" in fields else (False, None)
    zone = _zone(reader, fields["time_zone"]) if "time_zone" in fields else None
    days: tuple[str, ...] = vocabulary.WEEKDAYS[:5]
    holidays: tuple[date, ...] = ()
    if "calendar" in fields:
        days, holidays = _calendar(reader, fields["calendar"], fields.key("calendar"))
    files: tuple[Word, ...] = ()
    if "minimums" in fields:
        files = reader.words(fields["minimums"], "`minimums`", vocabulary.FILE_PATH)
    if reader.findings or name is None or not mode or zone is None:
        return None
    return Deployment(
        name.name, roles, keys, {key: each for key, each in channels.items() if each}, secrets, until, zone, days,
        holidays, tuple(word.name for word in files), reader.source, digest,
    )  # fmt: skip


def _whole(fields: Fields, key: str) -> bool:
    """Whether all names that a section defines could be read; if not, what refers to them is not judged."""
    node = fields.get(key)
    return not fields.may_be(key) and (node is None or (isinstance(node, Map) and not node.lost and not node.broken))


def _roles(reader: Reader, node: Node, channels: dict[str, Channel | None] | None) -> dict[str, Held]:
    """Who holds each role; `channels` None where not all of them are known."""
    found: dict[str, Held] = {}
    for key, value in reader.mapping(node, "`roles`"):
        role = reader.name(key, "a role")
        fields = reader.fields(value, vocabulary.HELD, key)
        if fields is None or role is None:
            continue
        person = vocabulary.IDENTITY_NAME
        people = reader.words(fields["people"], "`people`", person) if "people" in fields else ()
        notify = reader.names(fields["notify"], "`notify`", "a notification") if "notify" in fields else ()
        for word in notify if channels is not None else ():
            if channels is not None and word.name not in channels:
                hint = did_you_mean(word.name, channels) or "name it under `notifications`"
                reader.told("undefined-notification", word.at, f"`{word}` is not among `notifications`", hint)
        found[role.name] = Held(people, notify, role.at)
    return found


def _keys(reader: Reader, node: Node) -> dict[str, tuple[str, ...]]:
    """Public keys by identity; a key of two people would tell nothing of either."""
    identity = vocabulary.IDENTITY_NAME
    found: dict[str, tuple[str, ...]] = {}
    whose: dict[str, str] = {}
    for key, value in reader.mapping(node, "`keys`"):
        person = reader.word(key, identity.what, identity.pattern, identity.words)
        theirs = reader.words(value, "keys of a person", vocabulary.PUBLIC_KEY)
        if person is None:
            continue
        for word in theirs:
            other = whose.setdefault(word.name, person.name)
            if other != person.name:
                message = f"`{person}` has the same key as `{other}`"
                reader.told("duplicate-item", word.at, message, "a key belongs to one person")
        found[person.name] = tuple(word.name for word in theirs)
    return found


def _channels(reader: Reader, node: Node) -> dict[str, Channel | None]:
    found: dict[str, Channel | None] = {}
    for key, value in reader.mapping(node, "`notifications`"):
        name = reader.name(key, "a notification")
        if name is not None:
            found[name.name] = _channel(reader, key, value)
    return found


def _channel(reader: Reader, key: Scalar, node: Node) -> Channel | None:
    fields = reader.fields(node, vocabulary.CHANNEL, key)
    if fields is None:
        return None
    ways = [way for way in ("mail", "webhook", "command") if way in fields]
    if len(ways) != 1:
        if not fields.misspelt:
            rule = "conflicting-keys" if ways else "missing-key"
            reader.error(rule, key, f"the notification `{key.value}` goes one way", "`mail`, `webhook` or `command`")
        return None
    mail = reader.text(fields["mail"], "`mail`") if "mail" in fields else ""
    hook = reader.text(fields["webhook"], "`webhook`") if "webhook" in fields else ""
    if hook and not hook.startswith("https://"):
        reader.wrong(fields["webhook"], "`webhook`", "an `https://` address")
        return None
    if mail and "@" not in mail:
        reader.wrong(fields["mail"], "`mail`", "a mail address")
        return None
    command: tuple[str, ...] = ()
    if "command" in fields:
        parts = [reader.text(item, "a part of `command`") for item in reader.items(fields["command"], "`command`")]
        command = tuple(part for part in parts if part is not None)
    secret = reader.name(fields["secret"], "a secret's name") if "secret" in fields else None
    return Channel(mail or "", hook or "", command, secret, reader.at(key))


def _secrets(reader: Reader, node: Node) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in reader.mapping(node, "`secrets`"):
        name = reader.name(key, "a secret's name")
        if name is None:
            continue
        found[name.name] = ""  # named: what refers to it is not at fault, whatever is wrong with it
        fields = reader.fields(value, vocabulary.SECRET, key)
        if fields is None:
            continue
        ways = [way for way in ("env", "file") if way in fields]
        if len(ways) != 1:
            if not fields.misspelt:
                rule = "conflicting-keys" if ways else "missing-key"
                reader.error(rule, key, f"the secret `{name}` stands in one place", "`{env: NAME}` or `{file: PATH}`")
            continue
        text = reader.text(fields[ways[0]], f"`{ways[0]}`")
        found[name.name] = f"{ways[0]}:{text or ''}"
    return found


def _mode(reader: Reader, node: Node) -> tuple[bool, date | None]:
    """Whether the mode could be read, and until when it is shadow."""
    if not isinstance(node, Map):
        return reader.choice(node, "a mode", ("enforce",), "unknown-mode") is not None, None
    fields = reader.fields(node, vocabulary.MODE)
    if fields is None or "shadow" not in fields:
        return False, None
    inner = reader.fields(fields["shadow"], vocabulary.SHADOW_MODE, fields.key("shadow"))
    if inner is None or "until" not in inner:
        return False, None
    until = _day(reader, inner["until"], "`until`")
    return until is not None, until


def _calendar(reader: Reader, node: Node, key: Scalar) -> tuple[tuple[str, ...], tuple[date, ...]]:
    fields = reader.fields(node, vocabulary.CALENDAR, key)
    days: tuple[str, ...] = vocabulary.WEEKDAYS[:5]
    holidays: list[date] = []
    if fields is None:
        return days, ()
    if "business_days" in fields:
        items = reader.items(fields["business_days"], "`business_days`")
        found = [reader.choice(item, "a weekday", vocabulary.WEEKDAYS, "unknown-word") for item in items]
        days = tuple(day for day in vocabulary.WEEKDAYS if day in found)
    for item in reader.items(fields["holidays"], "`holidays`") if "holidays" in fields else ():
        day = _day(reader, item, "a holiday")
        if day is not None:
            holidays.append(day)
    return days, tuple(sorted(set(holidays)))


def _day(reader: Reader, node: Node, what: str) -> date | None:
    pattern = vocabulary.A_DAY
    word = reader.word(node, what, pattern.pattern, pattern.words)
    if word is None:
        return None
    try:
        return date.fromisoformat(word.name)
    except ValueError:
        reader.wrong(node, what, "a day of the calendar")
        return None


def _zone(reader: Reader, node: Node) -> str | None:
    from zoneinfo import ZoneInfo, available_timezones  # read only where a deployment is

    text = reader.text(node, "`time_zone`")
    if text is None:
        return None
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        hint = did_you_mean(text, available_timezones()) or "an IANA name, as in `Europe/Berlin`"
        reader.error("unknown-zone", node, f"{reader.show(node)} is no time zone", hint)
        return None
    return text
