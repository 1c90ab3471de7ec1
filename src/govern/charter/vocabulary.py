"""The closed vocabulary: every key of every level, what it means, how it is written, and what enforces it.

A key that is not here is an error, and a key that nothing reads is not here. Leaves out the keys of JSON
Schema (`input_schema`) and how values are read (`reader`).
"""

from __future__ import annotations

from govern.charter import kinds
from govern.charter.kinds import (
    AGENT,
    AGENT_WORDS,
    DAY,
    DAY_WORDS,
    FACT_WORDS,
    FILE,
    FILE_WORDS,
    SCOPE,
    SCOPE_WORDS,
    TOOL_NAME,
    TOOL_WORDS,
    ConditionText,
    Data,
    Duration,
    Effect,
    Either,
    Key,
    Kind,
    Level,
    ListOf,
    MapOf,
    Name,
    Nested,
    Number,
    OneOf,
    PathText,
    Pattern,
    SchemaText,
    Text,
    Tools,
    Truth,
    Whole,
)

# fmt: off

# What enforces a key. The words of `govern explain KEY`.
LOADER = "the loader: nothing is judged with a file that breaks it"
DECISION = "every decision: `decide`, `shadow-report`, `reconstruct`, and the decision SQL of the bundle"
HISTORY = (
    "decisions that know the trace; without it the answer is unknown, and unknown never loosens. "
    "`shadow-report` calls such a verdict undecidable where it matters"
)
BOUNDARY = "the boundary, where calls are held (not part of this version); `lint` and `compile` check and carry it"
GATE_STORE = "the approval gate (not part of this version); `lint` and `compile` check and carry it"
SIGN_OFF = "`govern sign-off`, and `shadow-report` where it counts signed days"
TESTS = "`govern test`; `lint` checks it against the charter"
REPORTS = "reports and pages, which show it to people"
COMPOSED = "the loader, which reads the files and takes the stricter of everything"

TIERS = ("read_only", "reversible", "irreversible")
FIELD_TYPES = ("string", "number", "integer", "boolean", "timestamp", "list", "object")
EVENTS = ("unmapped", "error", "repeated_failure", "undecidable", "instructions_found", "over_limit")
ACTIONS = ("notify", "hold", "halt")
COUNTS = ("proposed", "executed", "succeeded")
SPANS = ("trace", "day", "forever")
KEYED_BY = ("agent", "session", "trace", "tool")
ON_INSTRUCTIONS = ("flag", "strip", "withhold")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

ROLE = Name("a role", "role")
GATE_NAME = Name("a gate", "gate")
RULE_ID = Name("a rule's id")
FACT_NAME = Name("a fact", "", kinds.FACT, FACT_WORDS)
TOOL_KEY = Pattern("a tool's name", TOOL_NAME, TOOL_WORDS)
ONE_TOOL = Pattern("a tool's name", TOOL_NAME, TOOL_WORDS)
SCOPE_NAME = Pattern("a scope", SCOPE, SCOPE_WORDS)
FILE_PATH = Pattern("a file", FILE, FILE_WORDS)
IDENTITY_NAME = Pattern("an identity", SCOPE, SCOPE_WORDS)
PUBLIC_KEY = Pattern("a public key", kinds.PUBLIC_KEY, kinds.PUBLIC_KEY_WORDS)
A_DAY = Pattern("a day", DAY, DAY_WORDS)
A_TIME = Pattern("a time", kinds.TIME, kinds.TIME_WORDS)
ARGUMENT = Pattern("an argument", kinds.ARGUMENT, "the name of an argument, at most 128 characters")
ARGUMENT_PLACE = Pattern("a place in the arguments", kinds.ARGUMENT_PLACE, "as a condition writes it: `args.to`, `args.items[0]`")
WORD = Name("a name")
TIER = OneOf("a tier", TIERS, "unknown-tier")


def _key(name: str, value: Kind, says: str, by: str, *, required: bool = False) -> Key:
    return Key(name, value, says, by, required)


# Keys that authors look for where they are not: what a base would grant, what a library would decide, and keys that
# stand in another file or level. The finding's id, and a hint.
_GRANTS = ("base-grants", "a base only constrains: it stands in a charter")
_DECIDES = ("library-decides", "a library only describes tools: it stands in a charter or a base")
_OF_CHARTER = ("unknown-key", "it stands in a charter")
_OF_DEPLOYMENT = ("unknown-key", "it stands in the deployment file")
_OF_THE_TOOL = ("unknown-key", "a rule inside a tool is about that tool; `rules` of the file choose tools")


def _elsewhere(words: str, told: tuple[str, str]) -> dict[str, tuple[str, str]]:
    return dict.fromkeys(words.split(), told)


_GOVERN = _key("govern", Whole(1), "Version of the language: `1`.", LOADER, required=True)
_VERSION = _key(
    "version", Whole(1), "Grows with every change; it names one text for ever.", "the bundle's manifest", required=True
)
_PURPOSE = _key("purpose", Text(), "What it is for, in a sentence or two.", REPORTS, required=True)
_OWNER = _key("owner", ROLE, "The role that answers for this file.", REPORTS, required=True)
_EXTENDS = _key(
    "extends", ListOf(FILE_PATH), "Bases: rules of the organisation that only make this file stricter.", COMPOSED
)
_ROLES = _key("roles", ListOf(Name("a role")), "Every role that is named here; who holds them is in the deployment file.", LOADER)
_APPROVALS = _key("approvals", MapOf(Name("a gate"), Nested("GATE")), "Gates: who answers, how many, what silence means.", DECISION)
_FACTS = _key("facts", MapOf(FACT_NAME, Nested("FACT")), "What conditions may ask about, and who says so: never the model.", HISTORY)
_RULES = _key("rules", ListOf(Nested("RULE")), "Rules for several tools at once.", DECISION)
_LIMITS = _key("limits", ListOf(Nested("LIMIT")), "How often, or how much, within a time.", HISTORY)
_NEVER = _key("never", ListOf(Nested("NEVER")), "Tools that no verdict ever releases, mapped or not.", DECISION)
_UNTRUSTED = _key("untrusted", Nested("UNTRUSTED"), "Whose output is believed, and what reading anything else costs.", HISTORY)
_ESCALATION = _key("escalation", ListOf(Nested("ESCALATION")), "When a human is called, and which.", BOUNDARY)
_SHADOW = _key("shadow", Nested("SHADOW"), "How long the agent runs in shadow before anything is enforced.", SIGN_OFF)

CHARTER = Level(
    "a charter",
    (
        _GOVERN,
        _key("agent", Pattern("`agent`", AGENT, AGENT_WORDS), "The agent's name, as logs write it.", DECISION, required=True),
        _VERSION, _PURPOSE, _OWNER, _EXTENDS,
        _key("uses", ListOf(FILE_PATH), "Libraries: descriptions of tools of known servers; they grant none.", COMPOSED),
        _key("identity", Nested("IDENTITY"), "Whose account the agent works with, and which scopes it holds.", BOUNDARY),
        Key("roles", _ROLES.value, _ROLES.says, _ROLES.by, required=True),
        _APPROVALS, _FACTS,
        _key("tools", MapOf(TOOL_KEY, Nested("TOOL")), "Exactly these tools may be called; any other is blocked.", DECISION, required=True),
        _RULES, _LIMITS, _NEVER,
        _key("records", MapOf(WORD, Nested("RECORDS")), "Which records the agent may see.", BOUNDARY),
        _UNTRUSTED, _ESCALATION, _SHADOW,
        _key("scenarios", ListOf(Nested("SCENARIO")), "Ambiguous instructions, written down with the verdict that is meant.", TESTS),
    ),
    elsewhere=_elsewhere("notifications secrets mode time_zone calendar minimums keys", _OF_DEPLOYMENT),
)
BASE = Level(
    "a base",
    (
        _GOVERN,
        _key("base", Name("a base"), "The base's name; ids of its rules begin with it.", DECISION, required=True),
        _VERSION, _PURPOSE, _OWNER, _EXTENDS,
        Key("roles", _ROLES.value, _ROLES.says, _ROLES.by, required=True),
        _APPROVALS, _FACTS, _RULES, _LIMITS, _NEVER, _UNTRUSTED, _ESCALATION, _SHADOW,
    ),
    elsewhere=_elsewhere("tools identity", _GRANTS) | _elsewhere("uses records scenarios", _OF_CHARTER),
)
LIBRARY = Level(
    "a library",
    (
        _GOVERN,
        _key("library", Name("a library"), "The library's name.", LOADER, required=True),
        _VERSION, _PURPOSE,
        _key("server", Pattern("`server`", AGENT, AGENT_WORDS), "The server whose tools these are: a charter may name them `server/name`.", COMPOSED),
        _key("source", Text(), "Where the tools were described: a repository and revision, a package and version.", REPORTS),
        _key("tools", MapOf(TOOL_KEY, Nested("LIBRARY_TOOL")), "Tools as their server describes them; none is granted by it.", COMPOSED, required=True),
    ),
    elsewhere=_elsewhere("approvals rules limits never untrusted escalation", _DECIDES)
    | _elsewhere("owner extends uses identity roles facts records shadow scenarios", _OF_CHARTER),
)
IDENTITY = Level(
    "`identity`",
    (
        _key("service_account", Pattern("an account", SCOPE, SCOPE_WORDS), "The account that the agent works with: never a person's.", BOUNDARY, required=True),
        _key("standing", ListOf(SCOPE_NAME), "Scopes that it always holds.", BOUNDARY),
        _key("elevated", MapOf(SCOPE_NAME, Nested("ELEVATED")), "Scopes that are issued for one released call.", BOUNDARY),
    ),
)
ELEVATED = Level(
    "an elevated scope",
    (_key("ttl", Duration(), "How long the credential lives once it is issued.", BOUNDARY, required=True),),
)
GATE = Level(
    "a gate",
    (
        _key("roles", ListOf(ROLE), "Any holder of any of these roles may answer.", GATE_STORE, required=True),
        _key("confirm", OneOf("a way to confirm", ("session.person",)), "The person served answers, outside the model's words; never counts as a role.", GATE_STORE),
        _key("quorum", Whole(1), "How many different people must approve.", GATE_STORE),
        _key("shared", Truth(), "One person's answer may serve this gate and another that is asked for the same call.", GATE_STORE),
        _key("needs_session_user", Truth(), "Without an authenticated user of the session it denies.", GATE_STORE),
        _key("use_within", Duration(), "How long an approval may wait to be used; 15m where it is not written.", GATE_STORE),
        _key("fatigue", Nested("FATIGUE"), "How many requests people are shown before the gate denies by itself.", GATE_STORE),
        _key("if_no_answer", ListOf(Nested("STEP")), "What silence means: further gates, at last a verdict.", DECISION, required=True),
    ),
    apart=("roles", "if_no_answer"),
)
FATIGUE = Level(
    "`fatigue`",
    (
        _key("max_pending", Whole(1), "At most so many open requests of one session.", GATE_STORE),
        _key("per_hour", Whole(1), "At most so many requests of one session in an hour.", GATE_STORE),
        _key("cool_down", Duration(), "No further request for so long after a denial.", GATE_STORE),
    ),
)
STEP = Level(
    "a step of `if_no_answer`",
    (
        _key("after", Duration(), "Time since the request.", GATE_STORE, required=True),
        _key("ask", GATE_NAME, "The gate that is asked too from then on.", GATE_STORE),
        _key("then", OneOf("a verdict for silence", ("deny", "allow"), "unknown-effect"), "The verdict that silence ends in.", GATE_STORE),
    ),
)
_FACT_FIELDS = MapOf(FACT_NAME, Either((OneOf("a type", FIELD_TYPES, "unknown-type"), Nested("FIELD"))))
FACT = Level(
    "a fact",
    (
        _key("from", Either((OneOf("a source", ("session",), "unknown-source"), Nested("SOURCE"))), "`session`: the host asserts it, signed; or the result of a tool.", HISTORY, required=True),
        _key("take", OneOf("which result", ("latest", "first")), "Which of several results counts; `latest` where it is not written.", HISTORY),
        _key("fields", _FACT_FIELDS, "What may be asked of it, with types: a comparison that can never hold is an error.", LOADER, required=True),
    ),
)
SOURCE = Level(
    "a fact's source",
    (
        _key("result_of", ListOf(ONE_TOOL), "Tools whose recorded results say it.", HISTORY, required=True),
        _key("where", MapOf(Pattern("a path", kinds.FACT, "an argument of the source's call, or `result.field`"), PathText(("args", "facts"))), "Which result it is: an argument of the source's call, or `result.field`, and what it equals in the call that is judged.", HISTORY),
    ),
)
FIELD = Level(
    "a field of a fact",
    (
        _key("type", OneOf("a type", FIELD_TYPES, "unknown-type"), "The kind of its value; another kind is unknown.", LOADER),
        _key("enum", ListOf(Data()), "All values it can have.", LOADER),
        _key("path", PathText(("result", "call")), "Where it stands, if not under its own name: `result`, `result.a[0].b`, or `call.x` for an argument of the source's call.", HISTORY),
    ),
)
_APPROVAL = _key("approval", Nested("ASK"), "The gate that a call waits for.", DECISION)
_RULES_OF_TOOL = _key("rules", ListOf(Nested("OWN_RULE")), "Rules of this tool alone.", DECISION)
_TIER = _key("tier", TIER, "What a call does to the world: `read_only`, `reversible`, `irreversible`.", DECISION)
_EXTERNAL = _key("external", Truth(), "Whether its effect leaves the organisation.", DECISION)
_INPUT = _key("input", SchemaText(), "JSON Schema of the arguments; objects are closed. A call that breaks it is denied.", DECISION)
_OUTPUT = _key("output", SchemaText(), "JSON Schema of the result; a result that breaks it is withheld.", BOUNDARY)
_MASKED = (
    _key("sensitive", ListOf(PathText(("args", "result"))), "What reports, pages and notifications mask.", BOUNDARY),
    _key("secret", ListOf(PathText(("args", "result"))), "What is masked and kept as a commitment only.", BOUNDARY),
)
TOOL = Level(
    "a tool",
    (
        _TIER, _EXTERNAL, _APPROVAL,
        _key("autonomous", Nested("AUTONOMOUS"), "Why an irreversible tool needs nobody's approval.", DECISION),
        _key("credentials", ListOf(SCOPE_NAME), "Elevated scopes of `identity` that a released call is given.", BOUNDARY),
        *_MASKED, _INPUT, _OUTPUT,
        _key("show_only_if", ConditionText(("result",)), "Withholds a result unless the condition is true of it.", BOUNDARY),
        _key("hide", ListOf(PathText(("result",))), "Parts of a result that the agent never sees.", BOUNDARY),
        _RULES_OF_TOOL,
    ),
)
LIBRARY_TOOL = Level(
    "a tool of a library",
    (
        Key("tier", _TIER.value, _TIER.says, _TIER.by, required=True),
        _EXTERNAL, *_MASKED, _INPUT, _OUTPUT,
        _key("rules", ListOf(Nested("OWN_RULE")), "Rules that raise the tier, for tools that do several things.", DECISION),
    ),
    elsewhere=_elsewhere("approval autonomous", _DECIDES) | _elsewhere("credentials show_only_if hide", _OF_CHARTER),
)
ASK = Level(
    "an approval",
    (
        _key("ask", GATE_NAME, "The gate.", DECISION, required=True),
        _key("unless", ConditionText(), "Where this is true, and only there, nobody is asked.", DECISION),
        _key("recheck", ONE_TOOL, "A read-only tool whose result may not have changed since the approver looked.", GATE_STORE),
    ),
)
AUTONOMOUS = Level(
    "`autonomous`", (_key("because", Text(), "Why nobody is asked.", REPORTS, required=True),)
)
_SELECT = (
    _key("tools", Tools(mapped=True), "Tools by exact name or glob.", DECISION),
    _key("tiers", ListOf(TIER), "Only tools of these tiers; a raised tier counts too.", DECISION),
    _key("external", Truth(), "Only tools whose effect leaves the organisation, or only others.", DECISION),
)
_FORMS = (
    _key("when", ConditionText(), "The rule applies where this is true or unknown.", DECISION),
    _key("then", Effect(), "What it asks for: `deny`, `{approval: GATE}`, `{tier: TIER}`.", DECISION),
    _key("only_if", ConditionText(), "The rule applies where this is false or unknown.", DECISION),
    _key("otherwise", Effect(), "What it asks for: `deny`, `{approval: GATE}`, `{tier: TIER}`.", DECISION),
    _key("because", Text(), "The reason that people and the agent are given.", REPORTS),
)
_ID = _key("id", RULE_ID, "Unique in the file; verdicts name it.", DECISION, required=True)
OWN_RULE = Level("a rule", (_ID, *_FORMS), elsewhere=_elsewhere("tools tiers external", _OF_THE_TOOL))
RULE = Level("a rule", (_ID, *_SELECT, *_FORMS))
EFFECT = Level(
    "an effect",
    (
        _key("approval", GATE_NAME, "The call waits for this gate.", DECISION),
        _key("tier", TIER, "The call counts as of this tier: everything keyed by tier follows. Raised to irreversible it is denied, unless the tool or this effect asks a gate, or the tool is `autonomous`.", DECISION),
    ),
)
_BECAUSE = _key("because", Text(), "The reason that people and the agent are given.", REPORTS)
LIMIT = Level(
    "a limit",
    (
        _ID, *_SELECT,
        _key("sum", PathText(("args",)), "What is added up; without it calls are counted.", HISTORY),
        _key("max", Number(), "Exceeded where earlier ones and this call are more.", HISTORY, required=True),
        _key("within", Either((OneOf("a span", SPANS), Duration())), "A duration before the call, or `trace`, `day`, `forever`.", HISTORY, required=True),
        _key("for_each", ListOf(PathText(("args", "facts"), KEYED_BY)), "Counted apart for each: `agent`, `session`, `trace`, `tool`, an argument, a fact's field.", HISTORY),
        _key("counts", OneOf("what counts", COUNTS), "`proposed` (of `max` alone), `executed` (of `sum`), or `succeeded` calls.", HISTORY),
        _key("otherwise", Effect(), "What a call over the limit gets.", HISTORY, required=True),
        _BECAUSE,
    ),
)
NEVER = Level(
    "a `never`",
    (_key("tools", Tools(mapped=False), "Tools by exact name or glob.", DECISION, required=True), _BECAUSE),
)
RECORDS = Level(
    "a record scope",
    (
        _key("read_by", ListOf(Name("a tool", "tool", TOOL_NAME, TOOL_WORDS)), "The tools that read these records.", BOUNDARY, required=True),
        _key("only_if", ConditionText(("record",)), "A record is seen only where this is true of it.", BOUNDARY, required=True),
        _key("max", Whole(1), "At most so many records a call.", BOUNDARY),
        _BECAUSE,
    ),
)
UNTRUSTED = Level(
    "`untrusted`",
    (
        _key("trusted", ListOf(Name("a tool", "tool", TOOL_NAME, TOOL_WORDS)), "Tools whose output carries no instructions of others; every other tool's may.", HISTORY),
        _key("on_instructions", OneOf("what is done", ON_INSTRUCTIONS), "What happens to output that looks like instructions: `flag`, `strip`, `withhold`.", BOUNDARY),
        _key("after_reading", ListOf(Nested("AFTER_READING")), "What a call needs once untrusted output was read.", HISTORY),
    ),
)
AFTER_READING = Level(
    "an `after_reading`",
    (
        _key("id", RULE_ID, "Unique in the file; verdicts name it.", DECISION),
        *_SELECT,
        _key("unless", ConditionText(), "Where this is true, and only there, nothing is asked.", HISTORY),
        _key("then", Effect(), "What it asks for.", HISTORY, required=True),
        _BECAUSE,
    ),
)
ESCALATION = Level(
    "an escalation",
    (
        _key("event", Either((OneOf("an event", EVENTS, "unknown-event"), Name("a rule's id", "rule_id"))), "What happened, or the id of a rule that applied.", BOUNDARY, required=True),
        _key("times", Whole(1), "How often, within the time.", BOUNDARY),
        _key("within", Duration(), "The time in which it happened so often.", BOUNDARY),
        _key("to", ROLE, "The role that is called.", BOUNDARY, required=True),
        _key("then", OneOf("an action", ACTIONS), "`notify` (where it is not written), `hold`, `halt`.", BOUNDARY),
    ),
)
SHADOW = Level(
    "`shadow`",
    (
        _key("business_days", Whole(1), "So many business days, each signed off.", SIGN_OFF, required=True),
        _key("reviewer", ROLE, "The role that signs a day off.", SIGN_OFF, required=True),
        _key("least_calls", Whole(1), "A day with fewer calls does not count.", SIGN_OFF),
    ),
)
SCENARIO = Level(
    "a scenario",
    (
        _key("instruction", Text(), "What somebody may say to the agent.", TESTS, required=True),
        _key("given", MapOf(FACT_NAME, Data()), "Facts as they stand then.", TESTS),
        _key("call", MapOf(TOOL_KEY, Data()), "The one call that is judged, with its arguments.", TESTS, required=True),
        _key("expect", Either((OneOf("a verdict", ("allow", "deny"), "unknown-effect"), Nested("EXPECT"))), "The verdict that is meant.", TESTS, required=True),
    ),
)
EXPECT = Level(
    "an expected verdict",
    (
        _key("approval", GATE_NAME, "Approval by this gate.", TESTS),
        _key("deny", Name("a rule's id or a reason", "cause"), "Denied by this rule, or for this reason.", TESTS),
    ),
)
# What a test says is not known, where a value would say that it is.
UNKNOWN = OneOf("a word for what is not known", ("unknown",))
NONE = OneOf("a word for nothing", ("none",))
VERDICTS = ("allow", "approval", "deny")
ORIGINS = ("user", "trusted", "none", "untrusted", "unknown")
LIMIT_STATES = ("exceeded", "free", "unknown")
GATE_STATES = ("pending", "approved", "denied", "expired")
REQUEST_STATES = (*GATE_STATES, "void")
REFUSALS = ("own_call", "no_role", "answered", "closed")
# A test step that only prepares the next ones says so.
ANYTHING = "any"
# What goes with each kind of step of a test, beside its own key.
BESIDE = {
    "user": ("after",),
    "operator": ("after",),
    "call": ("as", "after", "result", "error", "released", "used_after", "expect"),
    "approve": ("after", "of", "then"),
    "deny": ("after", "of", "then"),
    "wait": ("of", "then"),
}
_EXPECTED_GATES = Either((GATE_NAME, ListOf(GATE_NAME)))
_CAUSE = Name("a rule's id or a reason", "cause")
_TEST_GIVEN = MapOf(FACT_NAME, Data())
_ORIGINS = _key("origins", MapOf(ARGUMENT_PLACE, OneOf("an origin", ORIGINS)), "Where values of arguments came from, as `origin(…)` would say; what is not said is unknown.", TESTS)
_NAMED = _key("named_by_user", MapOf(ARGUMENT_PLACE, Either((UNKNOWN, Truth()))), "Whether the person typed a value; without it what `origins` says of it implies.", TESTS)
_TOLD = _key("history", Nested("TOLD"), "What happened before the call; for the rest it is the first of its session.", TESTS)
_TEST_AT = _key("at", A_TIME, "When it is: the clock stands still there. Without it the time is unknown, and a sequence begins on a Monday at noon (UTC).", TESTS)
_TEST_CALL = MapOf(TOOL_KEY, Data())
_VERDICT_WANTED = Either((OneOf("a verdict", VERDICTS, "unknown-effect"), Nested("EXPECTED")))
SUITE = Level(
    "a test suite",
    (
        _GOVERN,
        _key("tests", Name("a test suite"), "The suite's name.", REPORTS, required=True),
        _key("charter", FILE_PATH, "The charter that is tested; without it the one beside it: `x.yaml` of `x.test.yaml`.", TESTS),
        _key("deployment", FILE_PATH, "The deployment: its minimums apply, its time zone and people are known.", TESTS),
        _TEST_AT,
        _key("given", _TEST_GIVEN, "Facts of every case; what a case says of a fact takes its place.", TESTS),
        _key("fixtures", MapOf(Name("a fixture"), Data()), "Facts or arguments by name, used where a fact or arguments stand; in a list, later ones add to earlier.", TESTS),
        _key("cases", ListOf(Nested("CASE")), "The tests: each one call, a table of calls, or a sequence of steps.", TESTS, required=True),
    ),
)
CASE = Level(
    "a case",
    (
        _key("name", Text(), "What is tested, in words; unique in the suite.", REPORTS, required=True),
        _key("tags", ListOf(Name("a tag")), "Words to choose tests by: `govern test --tag`.", TESTS),
        _key("skip", Text(), "Why it is not run; it is counted and shown.", TESTS),
        _TEST_AT,
        _key("session", Nested("SESSION"), "Whose session it is; without it of an authenticated person, without other agents.", TESTS),
        _key("given", _TEST_GIVEN, "Facts as they stand then: a mapping of fields, a fixture, or a list of them; `null` where it is not known. In a sequence only those of the session.", TESTS),
        _ORIGINS, _NAMED, _TOLD,
        _key("call", _TEST_CALL, "The one call that is judged, with its arguments: a mapping, a fixture, or a list of them.", TESTS),
        _key("each", MapOf(ARGUMENT, ListOf(Data())), "Values of arguments: every combination is a test with the same `expect`.", TESTS),
        _key("expect", _VERDICT_WANTED, "The verdict that is meant; of `call` alone or with `each`.", TESTS),
        _key("matrix", ListOf(Nested("ROW")), "A table: what each row changes of the call and what is given, and the verdict that is meant then.", TESTS),
        _key("steps", ListOf(Nested("TEST_STEP")), "A sequence: history, limits, taint and facts from results are worked out of it.", TESTS),
    ),
)
ROW = Level(
    "a row",
    (
        _key("name", Text(), "What is special to it; without it, what it changes.", REPORTS),
        _TEST_AT,
        _key("given", _TEST_GIVEN, "Facts that take the place of the case's.", TESTS),
        _ORIGINS, _NAMED, _TOLD,
        _key("call", _TEST_CALL, "Another call in place of the case's.", TESTS),
        _key("args", MapOf(ARGUMENT, Data()), "Arguments that take the place of the call's, each whole.", TESTS),
        _key("without", ListOf(ARGUMENT), "Arguments that are left out.", TESTS),
        Key("expect", _VERDICT_WANTED, "The verdict that is meant.", TESTS, required=True),
    ),
)
TOLD = Level(
    "`history` of a test",
    (
        _key("limits", MapOf(Pattern("a limit", kinds.RULE_REFERENCE, "the id of a limit"), OneOf("a state of a limit", LIMIT_STATES)), "Limits by id: whether this call is over.", TESTS),
        _key("tainted", Either((UNKNOWN, Truth())), "Whether untrusted output was read in the session.", TESTS),
        _key("calls", MapOf(TOOL_KEY, Either((UNKNOWN, Whole(0)))), "How often a tool was called in the trace.", TESTS),
        _key("succeeded", MapOf(TOOL_KEY, Either((UNKNOWN, Whole(0)))), "How often a tool succeeded in the trace.", TESTS),
    ),
)
SESSION = Level(
    "`session` of a test",
    (
        _key("user", IDENTITY_NAME, "The authenticated person who is served; `none` without one.", TESTS),
        _key("chain", ListOf(IDENTITY_NAME), "Who else the call comes from, as agents that delegated: none of them approves.", TESTS),
    ),
)
EXPECTED = Level(
    "an expected verdict",
    (
        _key("approval", _EXPECTED_GATES, "Approval; each of these gates is asked, others may be too.", TESTS),
        _key("deny", Either((_CAUSE, ListOf(_CAUSE))), "A denial; each of these rules or reasons is a cause, others may be too.", TESTS),
        _key("verdict", OneOf("a verdict", VERDICTS, "unknown-effect"), "The verdict alone; with the keys below it is said whole.", TESTS),
        _key("gates", Either((NONE, ListOf(GATE_NAME))), "Exactly these gates are asked, in any order.", TESTS),
        _key("rules", Either((NONE, ListOf(Text()))), "Exactly these rules decide, in any order; a `never` as `never:PATTERN`.", TESTS),
        _key("reasons", Either((NONE, ListOf(_CAUSE))), "Exactly these reasons, in any order.", TESTS),
        _key("unknown", Either((NONE, ListOf(Text()))), "Exactly these inputs were unknown and had a part in it: `args.to`, `order.status`.", TESTS),
        _key("tier", TIER, "The tier that the call counts as of.", TESTS),
    ),
)
_WHO = (OneOf("who answers", ("session.person",)), ROLE, Nested("PERSON"))
_ANSWER = Either((*_WHO, ListOf(Either(_WHO))))
TEST_STEP = Level(
    "a step of a test",
    (
        _key("as", Name("a call"), "A name for the call, for answers that are not to the latest one that waits.", TESTS),
        _key("after", Duration(), "Time since the step before it.", TESTS),
        _key("user", Text(), "What the person types.", TESTS),
        _key("operator", Text(), "What the operator says: a system prompt.", TESTS),
        _key("call", _TEST_CALL, "A call, with its arguments: a mapping, a fixture, or a list of them.", TESTS),
        _key("result", Data(), "What it gives once it runs; `null` where it is not written.", TESTS),
        _key("error", Text(), "It fails with this once it runs.", TESTS),
        _key("released", Truth(), "Whether it runs, whatever the verdict; without it an allowed call runs at once, and one that waits once it is approved.", TESTS),
        _key("used_after", Duration(), "How long after its approval it is run; at once where it is not written.", TESTS),
        _key("approve", _ANSWER, "Who approves: a role (another person each time it is written), `session.person`, a person with roles, or a list of them.", TESTS),
        _key("deny", _ANSWER, "Who denies, as `approve`.", TESTS),
        _key("wait", Duration(), "Nobody answers for so long.", TESTS),
        _key("of", Name("a call"), "The call that is answered, by its name; without it the latest one that waits.", TESTS),
        _key("expect", Either((OneOf("a verdict, or `any`", (*VERDICTS, ANYTHING), "unknown-effect"), Nested("EXPECTED"))), "The verdict on a call that is meant; `any` where the call only prepares the next steps.", TESTS),
        _key("then", Either((OneOf("what comes of a request", (*REQUEST_STATES, "refused", ANYTHING)), Nested("OUTCOME"))), "What comes of the request, after an answer or a time; `any` where that only prepares the next steps.", TESTS),
    ),
)
PERSON = Level(
    "who answers",
    (
        _key("person", IDENTITY_NAME, "Who it is, as they authenticate.", TESTS, required=True),
        _key("roles", ListOf(ROLE), "The roles that they hold then; without it, those of the deployment.", TESTS),
    ),
)
OUTCOME = Level(
    "what came of a request",
    (
        _key("request", OneOf("a state of a request", REQUEST_STATES), "The request as a whole.", TESTS),
        _key("refused", OneOf("why an answer does not count", REFUSALS), "The answer does not count, for this reason.", TESTS),
        _key("gates", MapOf(GATE_NAME, OneOf("a state of a gate", GATE_STATES)), "What single gates came to.", TESTS),
        _key("asks", ListOf(GATE_NAME), "Exactly these gates are asked now, those by escalation too.", TESTS),
    ),
)
DEPLOYMENT = Level(
    "a deployment",
    (
        _GOVERN,
        _key("deployment", Name("a deployment"), "Its name.", REPORTS, required=True),
        _key("roles", MapOf(Name("a role"), Nested("HELD")), "Who holds each role, and where it is told.", GATE_STORE, required=True),
        _key("keys", MapOf(IDENTITY_NAME, ListOf(PUBLIC_KEY)), "Public keys of people (Ed25519), which tell who signed.", SIGN_OFF),
        _key("notifications", MapOf(WORD, Nested("CHANNEL")), "Where notifications go.", GATE_STORE),
        _key("secrets", MapOf(WORD, Nested("SECRET")), "Secrets by name: where they are kept, never what they are.", BOUNDARY),
        _key("mode", Either((OneOf("a mode", ("enforce",), "unknown-mode"), Nested("MODE"))), "`enforce`, or shadow until a day.", BOUNDARY, required=True),
        _key("time_zone", Text(), "IANA name of the zone of `date`, `hour`, `weekday` and of days.", DECISION, required=True),
        _key("calendar", Nested("CALENDAR"), "Business days and holidays.", SIGN_OFF),
        _key("minimums", ListOf(FILE_PATH), "Bases that no charter deployed here may go below.", COMPOSED),
    ),
)
HELD = Level(
    "a held role",
    (
        _key("people", ListOf(IDENTITY_NAME), "Identities, as they authenticate.", GATE_STORE, required=True),
        _key("notify", ListOf(Name("a notification")), "How the role is told, by names of `notifications`.", GATE_STORE),
    ),
)
CHANNEL = Level(
    "a notification",
    (
        _key("mail", Text(), "A mail address.", GATE_STORE),
        _key("webhook", Text(), "An `https` address.", GATE_STORE),
        _key("command", ListOf(Text()), "A program and its arguments; the notification is its input.", GATE_STORE),
        _key("secret", Name("a secret"), "The secret that signs it, by name.", GATE_STORE),
    ),
)
SECRET = Level(
    "a secret",
    (
        _key("env", Text(), "The environment variable that holds it.", BOUNDARY),
        _key("file", Text(), "The file that holds it.", BOUNDARY),
    ),
)
MODE = Level("`mode`", (_key("shadow", Nested("SHADOW_MODE"), "Only approvals of reversible internal tools, and limits, are relaxed.", BOUNDARY, required=True),))
SHADOW_MODE = Level("`shadow`", (_key("until", A_DAY, "The first day on which it is enforced.", BOUNDARY, required=True),))
CALENDAR = Level(
    "`calendar`",
    (
        _key("business_days", ListOf(OneOf("a weekday", WEEKDAYS)), "Monday to Friday where it is not written.", SIGN_OFF),
        _key("holidays", ListOf(A_DAY), "Days that do not count.", SIGN_OFF),
    ),
)

LEVELS: dict[str, Level] = {name: level for name, level in globals().items() if isinstance(level, Level)}
# A file is of the first kind whose key it has: a suite may name a deployment.
KINDS_OF_FILE = {"agent": CHARTER, "base": BASE, "library": LIBRARY, "tests": SUITE, "deployment": DEPLOYMENT}
