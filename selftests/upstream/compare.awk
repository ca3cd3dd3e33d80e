# SPDX-License-Identifier: GPL-2.0
#
# compare.awk EXPECTED [-v label=LABEL] [-v lost_only=1]: a table out of what
# verdicts.awk found, each line with the run, `without` or `with`, and its
# round before it. EXPECTED has lines `COMMAND | SUB-TEST | SAYS | REASON`, the
# first two patterns (regular expressions that match all of it), the third one
# that a line of the command must match, else the reason is not that one.
#
# A sub-test is lost if it passed in each round without the module and in none
# with it. If it passed in some it is flaky; what did not always pass without
# the module says nothing. With lost_only the commands that lost something
# without a reason, or were flaky, are printed and nothing else.

BEGIN {
	FS = "\t"
	while ((getline line < expected) > 0)
		if (line !~ /^(#|$)/) {
			split(line, part, / [|] /)
			n_reasons++
			of_command[n_reasons] = "^(" part[1] ")$"
			of_sub[n_reasons] = "^(" part[2] ")$"
			says[n_reasons] = part[3]
			reason[n_reasons] = part[4]
		}
}

function hear(command, line,	i)
{
	for (i = 1; i <= n_reasons; i++)
		if (command ~ of_command[i] && line ~ says[i])
			heard[command, i] = 1
}

function why(command, name,	i)
{
	for (i = 1; i <= n_reasons; i++)
		if (name ~ of_sub[i] && (command, i) in heard)
			return reason[i]
	return ""
}

$4 == "@took" {
	rounds[$1, $3]++
	if ($2 == 1)
		took[$1, $3] = $5
	next
}

$4 == "@said" {
	if ($1 == "with")
		hear($3, $5)
	if ($5 == "# at its limit")
		at_limit[$1, $3] = 1
	next
}

$4 == "@keeper" {
	split($5, n, " ")
	if ($1 == "with" && $2 == 1) {
		lingered[$3] = n[1]
		pages[$3] = n[3]
		folded[$3] = n[4]
		mapped[$3] = n[5]
	}
	next
}

{
	if (!($3 in known)) {
		known[$3] = 1
		commands[++n_commands] = $3
	}
	if (!(($3, $4) in id)) {
		id[$3, $4] = ++n_subs[$3]
		sub_name[$3, n_subs[$3]] = $4
	}
	if ($5 == "ok")
		passed[$1, $3, $4]++
}

# One of: kept lost expected flaky unstable neither gained
function fate(command, name,	without, with, all_without, all_with)
{
	without = passed["without", command, name] + 0
	with = passed["with", command, name] + 0
	all_without = rounds["without", command] + 0
	all_with = rounds["with", command] + 0
	if (!without)
		return with ? "gained" : "neither"
	if (without < all_without)
		return "unstable"
	if (with && with < all_with)
		return "flaky"
	if (with)
		return "kept"
	return why(command, name) != "" ? "expected" : "lost"
}

function say(kind, command, name,	text)
{
	text = command ": " name
	if (kind == "lost")
		printf "not ok %s: lost: %s\n", label, text
	if (kind == "expected")
		printf "# %s: lost as expected: %s: %s\n", label, text,
			why(command, name)
	if (kind == "flaky" || kind == "unstable")
		printf "# %s: %s: %s: passed %d of %d without, %d of %d with\n",
			label, kind, text,
			passed["without", command, name], rounds["without", command],
			passed["with", command, name], rounds["with", command]
}

# columns NAME COUNTS: COUNTS has a number for each fate.
function columns(name, n)
{
	printf "%-36.36s %7d %6d %5d %8d %6d", name,
		n["kept"] + n["lost"] + n["expected"] + n["flaky"] + n["unstable"],
		n["kept"] + n["flaky"] + n["gained"],
		n["lost"], n["expected"], n["gained"]
}

function figures(without, with, times, pages, own)
{
	printf " %5d/%-5d %9d %8d %6d\n", without, with, times, pages, own
	sum["without"] += without
	sum["with"] += with
	sum["times"] += times
	sum["pages"] += pages
	sum["own"] += own
}

function say_limit(mode, command)
{
	if ((mode, command) in at_limit)
		printf "# %s: ended at its limit %s the module: %s\n", label,
			mode, command
}

function row(command,	i, f, n, name)
{
	split("", n)
	for (i = 1; i <= n_subs[command]; i++) {
		name = sub_name[command, i]
		f = fate(command, name)
		n[f]++
		total[f]++
		if (lost_only)
			continue
		said[++n_said] = f SUBSEP command SUBSEP name
	}
	if (lost_only) {
		if (n["lost"] || n["flaky"])
			print command
		return
	}
	columns(command, n)
	figures(took["without", command], took["with", command],
		lingered[command], folded[command], mapped[command])
	if (mapped[command])
		with_folds++
}

END {
	if (!lost_only)
		printf "%-36s %7s %6s %5s %8s %6s %-11s %9s %8s %6s\n",
			"kernel " label, "without", "with", "lost", "expected",
			"gained", "    seconds", "lingered", "folded", "mapped"
	for (c = 1; c <= n_commands; c++)
		row(commands[c])
	if (lost_only)
		exit
	columns("all " n_commands, total)
	figures(sum["without"], sum["with"], sum["times"], sum["pages"],
		sum["own"])
	for (i = 1; i <= n_said; i++) {
		split(said[i], w, SUBSEP)
		say(w[1], w[2], w[3])
	}
	for (c = 1; c <= n_commands; c++) {
		say_limit("without", commands[c])
		say_limit("with", commands[c])
	}
	printf "# %s: memory that the test mapped was folded in %d of %d commands\n",
		label, with_folds, n_commands
	printf "@totals %d %d %d\n", total["kept"] + total["gained"] + total["flaky"],
		total["lost"], total["expected"] + total["neither"] + total["unstable"]
}
