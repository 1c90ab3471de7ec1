# ---- Conditions: truth, places, comparisons, lists, text. ----

# -- three-valued logic --

negated(t) := true if t == false else := false if t == true else := null

all_of(ts) := false if false in ts else := null if null in ts else := true

any_of(ts) := true if true in ts else := null if null in ts else := false

choice(t, then, other) := then if t == true else := other if t == false else := null

as_value(t) := "wrong" if t == null else := [t]

as_truth(v) := v[0] if {
	is_array(v)
	is_boolean(v[0])
} else := null

# -- places --

kind(v) := v if is_string(v) else := type_name(v[0])

field(v, key) := [object.get(v[0], key, null)] if {
	kind(v) == "object"
	key in object.keys(v[0])
} else := "absent" if {
	kind(v) in {"object", "null", "absent"}
} else := "wrong"

item(v, index) := [v[0][index]] if {
	kind(v) == "array"
	index < count(v[0])
} else := "absent" if {
	kind(v) in {"array", "null", "absent"}
} else := "wrong"

told(key) := [object.get(given, key, null)] if key in object.keys(given) else := "wrong"

fact(name, key) := field(told(name), key) if kind(told(name)) == "object" else := "wrong"

has(v) := null if v == "wrong" else := false if kind(v) in {"absent", "null"} else := true

history_word(key) := told(key) if {
	kind(told(key)) == "string"
	told(key)[0] in {"user", "trusted", "none", "untrusted"}
} else := "wrong"

history_truth(key) := told(key) if kind(told(key)) == "boolean" else := "wrong"

history_count(key) := told(key) if whole(told(key)) else := "wrong"

whole(v) if {
	kind(v) == "number"
	floor(v[0]) == v[0]
}

# -- comparisons --

is_equal(a, b) := r if {
	kind(a) in {"number", "string", "boolean"}
	kind(a) == kind(b)
	r := a[0] == b[0]
} else := true if {
	kind(a) == "null"
	kind(b) == "null"
} else := null

is_nothing(v) := null if kind(v) in {"absent", "wrong"} else := true if kind(v) == "null" else := false

order(op, a, b) := holds(op, a[0], b[0]) if {
	kind(a) in {"number", "string"}
	kind(a) == kind(b)
} else := null

holds(op, x, y) := r if {
	r := side(x, y) in sides[op]
}

side(x, y) := "less" if x < y else := "greater" if x > y else := "equal"

sides := {
	"==": {"equal"}, "!=": {"less", "greater"},
	"<": {"less"}, "<=": {"less", "equal"}, ">": {"greater"}, ">=": {"greater", "equal"},
}

# -- lists --

array_of(v) := v if kind(v) == "array" else := "wrong"

list_of(v) := [[]] if kind(v) in {"absent", "null"} else := array_of(v)

keys_of(v) := [keys] if {
	kind(v) == "object"
	keys := [key | some key in object.keys(v[0])]
} else := "wrong"

items(v) := v[0] if kind(v) == "array" else := []

every_item(v, ts) := null if kind(v) != "array" else := all_of(ts)

some_item(v, ts) := null if kind(v) != "array" else := any_of(ts)

# `pairs` are the items, each with the truth of what is asked of it.
kept(v, pairs) := "wrong" if kind(v) != "array" else := "wrong" if {
	some pair in pairs
	pair[1] == null
} else := [xs] if {
	xs := [pair[0] | some pair in pairs; pair[1] == true]
}

size(v) := [count(v[0])] if kind(v) in {"array", "object"} else := [letters(v[0])] if {
	kind(v) == "string"
} else := "wrong"

# Code points. Some engines count other units when they are asked for the length of a text.
letters(text) := count(split(text, ""))

# -- text --

starts_with(a, b) := r if {
	both_text(a, b)
	r := startswith(a[0], b[0])
} else := null

ends_with(a, b) := r if {
	both_text(a, b)
	r := endswith(a[0], b[0])
} else := null

contains_text(a, b) := r if {
	both_text(a, b)
	r := contains(a[0], b[0])
} else := null

both_text(a, b) if {
	kind(a) == "string"
	kind(b) == "string"
}

# Whether this engine's patterns are those of RE2, by code point. Where they are not, `matches` is unknown.
re2 if {
	regex.match(`^.[é]$`, "éé")
	regex.match(`(?i)^k$`, "K")
	not regex.match(`^[\x{a}-\x{d}]$`, "a")
}

matching(v, pattern) := r if {
	kind(v) == "string"
	re2
	r := regex.match(pattern, v[0])
} else := null

ascii(text) if regex.match(`^[ -~]*$`, text)

matching_ascii(v, pattern) := matching(v, pattern) if {
	kind(v) == "string"
	ascii(v[0])
} else := null

within(v, folder, below) := r if {
	is_plain_path(v)
	r := in_folder(v[0], folder, below)
} else := null

in_folder(text, folder, below) := true if text == folder else := true if startswith(text, below) else := false

is_plain_path(v) if {
	kind(v) == "string"
	startswith(v[0], "/")
	not regex.match(`[[:cntrl:]]`, v[0])
	not contains(v[0], "\\")
	parts := array.slice(split(v[0], "/"), 1, count(split(v[0], "/")))
	not "" in parts
	not "." in parts
	not ".." in parts
}

lowered(v) := [lower_case(v[0])] if kind(v) == "string" else := "wrong"

lower_case(text) := lower(text) if ascii(text) else := strings.replace_n(lower_letters, text)

label := `[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?`

# An e-mail address as the HTML standard defines a valid one.
address := concat("", ["^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@", label, `([.]`, label, ")*$"])

domain(v) := [lower(split(v[0], "@")[1])] if {
	kind(v) == "string"
	regex.match(address, v[0])
} else := "wrong"

# RFC 3986 with an authority of plain host and port; user information, backslashes and blanks do not match.
url_begins := concat("", [`^[A-Za-z][A-Za-z0-9+.-]*://`, label, `([.]`, label, `)*(:[0-9]{1,5})?([/?#]|$)`])

url_of(v) := {"scheme": scheme, "host": split(authority, ":")[0], "path": trim_prefix(before_query, authority)} if {
	kind(v) == "string"
	regex.match(url_begins, v[0])
	not regex.match(`[[:cntrl:] ]`, v[0])
	not contains(v[0], "\\")
	scheme := split(v[0], "://")[0]
	after := trim_prefix(v[0], concat("", [scheme, "://"]))
	before_query := split(split(after, "?")[0], "#")[0]
	authority := split(before_query, "/")[0]
} else := null

url_scheme(v) := "wrong" if url_of(v) == null else := [lower(url_of(v).scheme)]

url_host(v) := "wrong" if url_of(v) == null else := [lower(url_of(v).host)]

# Dot segments, and what a server may resolve to one, are no path: servers differ on it.
url_path(v) := "wrong" if {
	url_of(v) == null
} else := "wrong" if {
	regex.match(`(^|/)[.]{1,2}(/|$)|%2[eEfF]|%5[cC]`, url_of(v).path)
} else := ["/"] if {
	url_of(v).path == ""
} else := [url_of(v).path]
