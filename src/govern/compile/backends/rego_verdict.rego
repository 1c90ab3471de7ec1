# ---- What every export shares. Nothing below depends on the charter. ----
#
# Truth has three values: `true`, `false`, and `null` for unknown. A value that a condition reads stands in a list of
# one, `[x]`; what is not there is "absent", and a place under something that can have none is "wrong". Every function
# that a condition calls is total: nothing here is ever undefined, so nothing can turn unknown into "does not apply".

# Denied, whatever comes to be undefined in the evaluation of the verdict.
default verdict := {"effect": "deny", "gates": [], "reasons": ["unmapped"], "result": {}, "rules": [], "tier": null}

verdict := {
	"effect": effect,
	"gates": gates,
	"reasons": reasons,
	"result": asked_of_result,
	"rules": rules,
	"tier": highest_tier,
}

# What the host must do with the result; whether it is shown, and of each kind of record whether this one is.
asked_of_result := object.get(tool, "result", {}) if mapped else := {}

default shown := null

shown := true if {
	mapped
	not "show_only_if" in object.keys(asked_of_result)
}

default records_shown := {}

gates := sort({one.gate | some one in deciding; one.gate != null})

rules := sort({one.rule | some one in deciding; one.rule != null})

reasons := [word | some word in reason_order; word in found_reasons]

effect_order := ["deny", "approval", "allow"]

reason_order := [
	"autonomous", "waived", "gate", "rule", "limit", "after_reading", "never", "unmapped", "invalid_input", "unknown",
]

effects := {one.effect | some one in causes}

effect := first([word | some word in effect_order; word in effects])

deciding := [one | some one in causes; one.effect == effect]

found_reasons := {one.reason | some one in deciding} | {"unknown" | some one in deciding; one.unknown}

first(xs) := xs[0]

# -- the call --

called := object.get(input, "tool", null)

mapped if {
	is_string(called)
	called in object.keys(tools)
}

tool := tools[called] if mapped else := null

# What two readers of the arguments could understand differently is no valid input; who asks says so.
malformed if object.get(input, "malformed", false) != false

malformed if not is_object(object.get(input, "args", null))

default raw := {}

raw := input.args if not malformed

default given := {}

given := input.given if is_object(object.get(input, "given", null))

default args := {}

args := judged.args

default judged := {"args": {}, "valid": false}

judged := {"args": raw, "valid": true} if {
	not malformed
	not called in with_schema
}

valid if judged.valid

default waiver := null

default truths := []

unknown_truths := [null | some _ in listed_rules]

# `object.get` hides from OPA's checker that a charter has no condition or no rule.
found_truths := {"waiver": waiver, "truths": truths} if not malformed else := {"waiver": null, "truths": unknown_truths}

known_waiver := object.get(found_truths, "waiver", null)

known_truths := object.get(found_truths, "truths", [])

# -- the verdict --

causes := array.concat(array.concat(own_causes, rule_causes), array.concat(never_causes, input_causes))

own_causes := [cause("deny", "unmapped", null, null, false)] if {
	not mapped
} else := [cause("allow", "autonomous", null, null, false)] if {
	tool.gate == null
} else := [cause("allow", "waived", null, null, false)] if {
	tool.unless
	known_waiver == true
} else := [cause("approval", "gate", null, tool.gate, true)] if {
	tool.unless
	known_waiver == null
} else := [cause("approval", "gate", null, tool.gate, false)]

input_causes := [] if {
	not mapped
	not malformed
} else := [] if {
	valid
} else := [cause("deny", "invalid_input", null, null, false)]

# A rule applies where its condition says so or is unknown: `when` unless it is false, `only_if` unless it is true.
applying := [one | some one in listed_rules; truth_of(one) != off[one.form]]

truth_of(one) := t if {
	t := known_truths[one.at]
} else := null

off := {"when": false, "only_if": true}

listed_rules := tool.rules if mapped else := []

# What is keyed by any tier that the call counts as concerns it. There are three tiers: two rounds reach them all.
tiers_0 := {tool.tier} if mapped else := set()

tiers_1 := tiers_0 | raised(tiers_0)

call_tiers := tiers_1 | raised(tiers_1)

raised(found) := {one.raises | some one in applying; one.raises != null; concerns(one, found)}

concerns(one, _) if count(one.tiers) == 0

concerns(one, found) if {
	some each in one.tiers
	each in found
}

tier_order := ["irreversible", "reversible", "read_only"]

found_tiers := [word | some word in tier_order; word in call_tiers]

highest_tier := found_tiers[0] if mapped else := null

rule_causes := [cause(of_rule(one), one.reason, one.id, one.gate, truth_of(one) == null) |
	some one in applying
	concerns(one, call_tiers)
	of_rule(one) != "allow"
]

# What cannot be undone needs somebody's word: raised to that without a gate of its own, the call is denied.
of_rule(one) := "deny" if {
	one.effect == "allow"
	one.raises == "irreversible"
	tool.gate == null
	not tool.autonomous
} else := one.effect

never_causes := [cause("deny", "never", concat("", ["never:", one.pattern]), null, false) |
	is_string(called)
	some one in never
	is_never(one)
]

is_never(one) if called == one.name

is_never(one) if {
	one.any_server
	endswith(called, concat("", ["/", one.name]))
	not contains(one.name, "/")
}

is_never(one) if {
	one.glob != null
	regex.match(one.glob, called)
}

# Where `.` is no character, a name beyond ASCII counts as meant by every pattern.
is_never(one) if {
	one.glob != null
	not re2
	not ascii(called)
}

cause(effect, reason, rule, gate, unknown) := {
	"effect": effect, "reason": reason, "rule": rule, "gate": gate, "unknown": unknown,
}
