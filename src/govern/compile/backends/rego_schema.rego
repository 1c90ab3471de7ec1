# ---- Input schemas: what the translated keywords call. ----

has_key(x, key) if {
	is_object(x)
	key in object.keys(x)
}

is_integer(x) if {
	is_number(x)
	floor(x) == x
}

# Formats as the validator of the charter's own engine reads them (RFC 3339; RFC 5321 without quotes and literals).
is_date(text) if {
	regex.match(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`, text)
	is_day(between(text, 0, 4), between(text, 5, 2), between(text, 8, 2))
}

is_day(year, month, day) if {
	month >= 1
	month <= 12
	day >= 1
	day <= days_in(year, month)
}

is_date_time(text) if {
	regex.match(date_time_pattern, text)
	is_date(substring(text, 0, 10))
	is_second(between(text, 17, 2), (between(text, 11, 2) * 60) + between(text, 14, 2), offset(text))
}

date_time_pattern := concat("", [
	`^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)`,
	`([.][0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`,
])

is_second(second, _, _) if second < 60

# A leap second ends a day of UTC.
is_second(second, minute, offset_s) if {
	second == 60
	rest(minute - over(offset_s, 60), 1440) == 1439
}

is_address(text) if {
	regex.match(concat("", [
		"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+([.][A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@",
		label, `([.]`, label, ")*$",
	]), text)
	letters(split(text, "@")[0]) <= 64
	letters(text) <= 254
}

# Of a number of millionths, digit by digit from the highest.
is_multiple(x, of) if {
	ds := exact([x])
	ds != null
	remainder(ds, of) == 0
}

remainder(ds, of) := rest((r1 * 1000000) + ds[0], of) if {
	r4 := rest(ds[4], of)
	r3 := rest((r4 * 1000000) + ds[3], of)
	r2 := rest((r3 * 1000000) + ds[2], of)
	r1 := rest((r2 * 1000000) + ds[1], of)
}

with_defaults(given, x) := object.union({key: each | some key, each in given; not has_key(x, key)}, x)

# Whether a key that is there differs only by case from one that would be filled in.
has_twin(folds, names, x) if {
	some key in object.keys(x)
	folded := strings.replace_n(folds, key)
	folded in object.keys(names)
	not has_key(x, object.get(names, folded, null))
}
