# SPDX-License-Identifier: GPL-2.0
#
# What run.sh says becomes lines of fields with tabs between:
#
#   COMMAND  SUB-TEST  ok|skip|no      a sub-test that said how it went
#   COMMAND  exit status  ok|skip|no   each command has this one
#   COMMAND  @took  SECONDS
#   COMMAND  @keeper  LINGERED MS PAGES FOLDED MAPPED
#   COMMAND  @said  LINE               each line of it, as it was
#
# The kernel's tests say it in TAP, or as `NAME... done`, `NAME: done`, or
# `test N PASSED`. Names get what was announced before them ([RUN], Run test),
# lose what differs from run to run, and a number if they are not the first.

function trim(text)
{
	gsub(/^[ \t]+|[ \t.:]+$/, "", text)
	return text
}

# Addresses, times and the like are not part of a name.
function stable(text)
{
	gsub(/0x[0-9a-f]+/, "0x*", text)
	gsub(/[0-9]+\.[0-9]+/, "*", text)
	gsub(/pages [0-9]+/, "pages *", text)
	gsub(/faults [0-9]+/, "faults *", text)
	gsub(/[0-9][0-9][0-9][0-9][0-9]+/, "*", text)
	gsub(/\t/, " ", text)
	return trim(text)
}

function verdict(name, how)
{
	name = stable((announced != "" ? announced ": " : "") name)
	if (seen[name]++)
		name = name " #" seen[name]
	print command "\t" name "\t" how
}

# Some forget to end the line: then the next announcement is part of it.
function tap(line,	how, later)
{
	if (match(line, /# \[RUN\] /)) {
		later = substr(line, RSTART + RLENGTH)
		line = substr(line, 1, RSTART - 1)
	}
	how = line ~ /^not ok/ ? "no" : line ~ /# *SKIP/ ? "skip" : "ok"
	sub(/^(not )?ok [0-9]+ *-? */, "", line)
	sub(/^# *(SKIP|TODO|XFAIL) */, "", line)
	sub(/ *# *(SKIP|TODO|XFAIL).*/, "", line)
	verdict(line, how)
	if (later != "")
		announced = later
}

# `NAME... VERDICT`; some say a verdict only where they failed.
function told(line, at, rest,	how)
{
	rest = tolower(substr(line, at))
	if (rest ~ /^[.: ]*(done|ok|passed|pass)/)
		how = "ok"
	else if (rest ~ /^[.: ]*skip/)
		how = "skip"
	else
		how = "no"
	verdict(substr(line, 1, at - 1), how)
}

BEGIN { ESCAPES = sprintf("%c", 27) "\\[[0-9;]*m" }

/^=== status / {
	announced = ""
	verdict("exit status", $3 == 0 ? "ok" : $3 == 4 ? "skip" : "no")
	print command "\t@took\t" $5
	next
}

/^=== / {
	command = substr($0, 5)
	announced = ""
	split("", seen)
	next
}

!/^\| / { next }

{
	line = substr($0, 3)
	gsub(ESCAPES, "", line)
	gsub(/\t/, " ", line)
	print command "\t@said\t" line
}

line ~ /^# keeper: / {
	split(line, word, " ")
	print command "\t@keeper\t" word[4] " " word[6] " " word[8] " " \
		word[10] " " word[12]
	next
}

line ~ /^# \[RUN\] / { announced = substr(line, 9); next }
line ~ /^Run test: / { announced = substr(line, 11); next }
line ~ /^ *(not )?ok [0-9]/ { sub(/^ */, "", line); tap(line); next }

# Steps of a test that says what came of it in TAP.
line ~ /^# / { next }

match(line, /\.\.\. *(done|OK|ok|Fail|FAIL|failed|skip|Skip|SKIP)/) {
	told(line, RSTART)
	next
}

match(line, /: *(done|OK|PASSED|FAILED|skipped)\.?$/) {
	told(line, RSTART)
	next
}

match(line, / (PASSED|FAILED) /) { told(line, RSTART) }
