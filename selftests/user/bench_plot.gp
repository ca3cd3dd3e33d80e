# SPDX-License-Identifier: GPL-2.0
#
# Cost of an operation against the size, index and red-black tree. Called with
# tsv (operation, pages, ns; a block of each operation, in the order below) and
# svg.
set terminal svg size 960,640 dynamic font 'DejaVu Sans,13' background '#ffffff'
set output svg
set datafile separator tab

ink = '#404040'
set border 3 lc rgb ink
set tics nomirror textcolor rgb ink
set grid ytics lc rgb '#e4e4e4' lt 1
set logscale xy
set xtics ('1 M (4 GiB)' 2**20, '16 M (64 GiB)' 2**24, '64 M' 2**26, \
	'256 M (1 TiB)' 2**28)
set xrange [2**19.5:2**28.5]
set xlabel 'pages' textcolor rgb ink
set ylabel 'nanoseconds of CPU' textcolor rgb ink
set title 'To look for a page and to add one: pagefold''s index, a red-black tree' \
	font 'DejaVu Sans,17'
set key at graph 0.02, graph 0.72 left top reverse Left

plot tsv index 'tree_find_miss' using 2:3 with linespoints lw 3 pt 7 \
		lc rgb '#d9822b' title 'tree: find, not there', \
	tsv index 'tree_find_hit' using 2:3 with linespoints lw 3 pt 5 \
		lc rgb '#b0641c' title 'tree: find, there', \
	tsv index 'find_insert' using 2:3 with linespoints lw 3 pt 9 \
		lc rgb '#4a9a5b' title 'index: find, not there, then insert', \
	tsv index 'find_miss' using 2:3 with linespoints lw 3 pt 7 \
		lc rgb '#3b78b8' title 'index: find, not there', \
	tsv index 'find_hit' using 2:3 with linespoints lw 3 pt 5 \
		lc rgb '#27527f' title 'index: find, there'
