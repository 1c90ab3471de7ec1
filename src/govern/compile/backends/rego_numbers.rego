# ---- Exact numbers and times. ----

# -- exact numbers --
#
# A number of at most six decimal places within int64, in millionths, as five digits of base 1,000,000 from the lowest;
# the highest has the sign. Engines round large products and most fractions; they do not round these.

# Below one by arithmetic, which is exact there, for engines differ on how they write such numbers.
exact(v) := carried([sign(v[0]) * millionths(v[0]), 0, 0, 0, 0]) if {
	kind(v) == "number"
	abs(v[0]) < 1
	millionths(v[0]) / 1000000 == abs(v[0])
} else := within_range(signed) if {
	kind(v) == "number"
	abs(v[0]) >= 1
	regex.match(`^-?[0-9]{1,19}([.][0-9]{1,6}0*)?$`, json.marshal(v[0]))
	signed := [made | some d in digits(v[0]); made := sign(v[0]) * d]
} else := null

millionths(x) := round(abs(x) * 1000000)

sign(x) := -1 if x < 0 else := 1

digits(x) := found if {
	parts := split(trim_prefix(json.marshal(x), "-"), ".")
	whole_part := substring(concat("", ["000000000000000000000000", parts[0]]), letters(parts[0]), 24)
	fraction := substring(concat("", [concat("", array.slice(parts, 1, 2)), "000000"]), 0, 6)
	text := concat("", [whole_part, fraction])
	found := [digit | some at in [24, 18, 12, 6, 0]; digit := number_of(trim_left(substring(text, at, 6), "0"))]
}

number_of(text) := 0 if text == "" else := to_number(text)

# Rounded down, where `%` alone has the sign of what is divided; rego-cpp also leaves zeros before what it gives.
rest(x, by) := ((x % by) + by) % by

over(x, by) := (x - rest(x, by)) / by

million := 1000000

# Each digit in its range, what is over in the next; the highest takes what is left.
carried(ds) := [rest(ds[0], million), rest(c1, million), rest(c2, million), rest(c3, million), c4] if {
	c1 := ds[1] + over(ds[0], million)
	c2 := ds[2] + over(c1, million)
	c3 := ds[3] + over(c2, million)
	c4 := ds[4] + over(c3, million)
}

difference(a, b) := carried([a[0] - b[0], a[1] - b[1], a[2] - b[2], a[3] - b[3], a[4] - b[4]])

within_range(ds) := carried(ds) if {
	difference([0, 775807, 36854, 223372, 9], ds)[4] >= 0
	difference(ds, [0, 224192, 963145, 776627, -10])[4] >= 0
} else := null

sum_of(a, b) := null if null in [a, b] else := within_range([a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3], a[4] + b[4]])

difference_of(a, b) := null if null in [a, b] else := within_range(difference(a, b))

# What six decimal places cannot hold is in the lowest digit of a product: it must be nothing.
product_of(a, b) := null if null in [a, b] else := within_range([low[1], low[2], low[3], high[0], top]) if {
	low := carried([
		a[0] * b[0],
		(a[0] * b[1]) + (a[1] * b[0]),
		((a[0] * b[2]) + (a[1] * b[1])) + (a[2] * b[0]),
		((a[0] * b[3]) + (a[1] * b[2])) + ((a[2] * b[1]) + (a[3] * b[0])),
		0,
	])
	low[0] == 0
	column4 := (((a[0] * b[4]) + (a[1] * b[3])) + ((a[2] * b[2]) + (a[3] * b[1]))) + ((a[4] * b[0]) + low[4])
	high := carried([
		column4,
		((a[1] * b[4]) + (a[2] * b[3])) + ((a[3] * b[2]) + (a[4] * b[1])),
		((a[2] * b[4]) + (a[3] * b[3])) + (a[4] * b[2]),
		(a[3] * b[4]) + (a[4] * b[3]),
		a[4] * b[4],
	])
	top := topmost(high)
} else := null

# The sixth digit with the sign, where there is nothing beyond it.
topmost(high) := high[1] if {
	[high[2], high[3], high[4]] == [0, 0, 0]
} else := high[1] - million if {
	[high[2], high[3], high[4]] == [999999, 999999, -1]
}

order_exact(op, a, b) := null if null in [a, b] else := holds(op, [0, 0, 0, 0, 0], [0, 0, 0, 0, 0]) if {
	a == b
} else := holds(op, 0, 1) if difference(a, b)[4] < 0 else := holds(op, 1, 0)

# -- times: whole nanoseconds since 1970, or null --

moment(v) := in_int64(v[0]) if whole(v) else := null

in_int64(x) := x if {
	x >= -9223372036854775808
	x <= 9223372036854775807
} else := null

order_time(op, a, b) := null if null in [a, b] else := holds(op, a, b)

later(a, b) := null if null in [a, b] else := in_int64(a + b)

earlier(a, b) := null if null in [a, b] else := in_int64(a - b)

time_pattern := concat("", [
	`^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]`,
	`([.][0-9]{1,9})?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`,
])

timestamp(v) := in_int64((seconds * 1000000000) + nanoseconds(v[0])) if {
	kind(v) == "string"
	regex.match(time_pattern, v[0])
	year := between(v[0], 0, 4)
	month := between(v[0], 5, 2)
	day := between(v[0], 8, 2)
	year >= 1
	is_day(year, month, day)
	minutes := (between(v[0], 11, 2) * 60) + between(v[0], 14, 2)
	seconds := (((day_number(year, month, day) * 86400) + (minutes * 60)) + between(v[0], 17, 2)) - offset(v[0])
	seconds >= -9223372037
	seconds <= 9223372037
} else := null

between(text, from, length) := number_of(trim_left(substring(text, from, length), "0"))

offset(text) := 0 if endswith(lower(text), "z") else := side_of(text) * minutes if {
	end := letters(text)
	minutes := (between(text, end - 5, 2) * 3600) + (between(text, end - 2, 2) * 60)
}

side_of(text) := -1 if substring(text, letters(text) - 6, 1) == "-" else := 1

nanoseconds(text) := 0 if not contains(text, ".") else := number_of(trim_left(substring(filled, 0, 9), "0")) if {
	after := split(lower(text), ".")[1]
	filled := concat("", [split(split(split(after, "z")[0], "+")[0], "-")[0], "000000000"])
}

is_leap(year) if {
	rest(year, 4) == 0
	rest(year, 100) != 0
}

is_leap(year) if rest(year, 400) == 0

month_lengths := [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

days_in(year, month) := 29 if {
	month == 2
	is_leap(year)
} else := month_lengths[month - 1]

# Days since 1970 in the Gregorian calendar, years counted from March.
day_number(year, month, day) := ((((of_year * 365) + over(of_year, 4)) - over(of_year, 100)) + over(of_year, 400)) + (day_of_year - 719468) if {
	early := 1 - over(month + 9, 12)
	of_year := year - early
	day_of_year := (over((153 * ((month - 3) + (12 * early))) + 2, 5) + day) - 1
}

local_time(t) := t + (changes[count(changes) - 1][1] * 1000000000) if {
	t != null
	t >= 0
	t < 4102444800000000000
	changes := [change | some change in zone; change[0] <= over(t, 1000000000)]
} else := null

hour_of(t) := "wrong" if local_time(t) == null else := [over(rest(local_time(t), 86400000000000), 3600000000000)]

days_of_week := ["thursday", "friday", "saturday", "sunday", "monday", "tuesday", "wednesday"]

weekday_of(t) := "wrong" if local_time(t) == null else := [days_of_week[rest(over(local_time(t), 86400000000000), 7)]]

date_of(t) := "wrong" if local_time(t) == null else := [date_text(over(local_time(t), 86400000000000))]

# The inverse of `day_number`.
date_text(days) := concat("-", [padded(year, 4), padded(month, 2), padded(day, 2)]) if {
	shifted := days + 719468
	of_era := rest(shifted, 146097)
	year_of_era := over(((of_era - over(of_era, 1460)) + over(of_era, 36524)) - over(of_era, 146096), 365)
	day_of_year := of_era - (((365 * year_of_era) + over(year_of_era, 4)) - over(year_of_era, 100))
	from_march := over((5 * day_of_year) + 2, 153)
	day := (day_of_year - over((153 * from_march) + 2, 5)) + 1
	month := rest(from_march + 2, 12) + 1
	year := (year_of_era + (400 * over(shifted, 146097))) + (1 - over(month + 9, 12))
}

padded(x, width) := substring(concat("", ["0000", format_int(x, 10)]), letters(format_int(x, 10)) + (4 - width), width)
