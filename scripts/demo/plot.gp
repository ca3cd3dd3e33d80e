# SPDX-License-Identifier: GPL-2.0
#
# Memory and scanner CPU over time, from the samples of a demo. Called with
# dir, format (svg or png), release, before, possible (in
# kB), after: what was in use at the end.

if (format eq 'svg') {
	set terminal svg size 960,640 dynamic font 'DejaVu Sans,13' background '#ffffff'
} else {
	set terminal pngcairo size 1440,960 font 'DejaVu Sans,14' background '#ffffff'
}
set output dir.'/memory.'.format
samples = dir.'/samples.tsv'
set datafile separator tab

ink = '#404040'
blue = '#3b78b8'
orange = '#d9822b'
green = '#4a9a5b'

stats samples skip 1 using ($1/1000.0) name 'T' nooutput
top = before / 1024.0
floor = (before - possible) / 1024.0
end = after / 1024.0

set border 3 lc rgb ink
set tics nomirror textcolor rgb ink
set grid ytics lc rgb '#e4e4e4' lt 1
set xrange [T_min:T_max]
set lmargin 11
set rmargin 4
set arrow 1 from 0, graph 0 to 0, graph 1 nohead lc rgb '#888888' dt 2 lw 1.5

set multiplot title 'pagefold on Linux '.release.': memory comes back after insmod' \
	font 'DejaVu Sans,17' layout 2,1
unset key

set size 1, 0.58
set origin 0, 0.36
set yrange [0:top * 1.15]
set ylabel 'memory in use, MiB' textcolor rgb ink
set label 1 ' insmod' at 0, graph 0.95 left textcolor rgb '#666666'
set label 2 sprintf(' %.0f MiB', top) at T_min, top offset 0, 0.7 left \
	textcolor rgb blue
set label 3 sprintf('%.0f MiB ', end) at T_max, end offset 0, 0.7 right \
	textcolor rgb blue
set label 4 sprintf('%.0f MiB if each content were there once ', floor) \
	at T_max, floor offset 0, -0.9 right textcolor rgb green front
plot samples skip 1 using ($1/1000.0):($2/1024.0) with filledcurves x1 \
		fc rgb blue fs transparent solid 0.25, \
	samples skip 1 using ($1/1000.0):($2/1024.0) with lines \
		lc rgb blue lw 3, \
	floor with lines lc rgb green lw 1.5 dt 4

set size 1, 0.36
set origin 0, 0
unset label
set yrange [0:110]
set ytics 0, 25, 100
set ylabel 'scanner, % of a CPU' textcolor rgb ink
set xlabel 'seconds from insmod' textcolor rgb ink
# The share between two samples: CPU time by time, as a box over that time.
last_t = T_min * 1000
last_cpu = 0
from(t) = (before_t = last_t, last_t = t, before_t / 1000.0)
share(t, cpu) = (dcpu = cpu - last_cpu, last_cpu = cpu, \
	t > before_t ? 100.0 * dcpu / (t - before_t) : 0)
plot samples skip 1 using ($1/1000.0):(0):(from($1)):($1/1000.0):(0):(share($1, $9)) \
	with boxxyerror fc rgb orange fs transparent solid 0.55 noborder
unset multiplot
