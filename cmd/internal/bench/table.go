package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// table collects what was measured; it is printed after each scale, so that a run that is stopped has said something.
type table struct {
	head string
	rows []*row
}

// row is one measure.
type row struct {
	name, wall, cpu, rss, text string
	targets                    []string
}

func (t *table) title(format string, args ...any) {
	t.head, t.rows = fmt.Sprintf(format, args...), nil
}

func (t *table) row(name string, k cost, text string) *row {
	r := &row{name: name, wall: short(k.wall), text: text}
	if k.cpu > 0 {
		r.cpu = short(k.cpu)
	}
	if k.rss > 0 {
		r.rss = fmt.Sprintf("%d MiB", k.rss>>20)
	}
	t.rows = append(t.rows, r)
	return r
}

func (t *table) note(name, text string) *row {
	r := &row{name: name, text: text}
	t.rows = append(t.rows, r)
	return r
}

// most adds what a figure may be at most.
func (r *row) most(what string, got, limit float64, unit string) *row {
	verdict := "met"
	if got > limit {
		verdict = "MISSED"
	}
	unit = strings.TrimRight(" "+unit, " ")
	r.targets = append(r.targets, fmt.Sprintf("%s %.3g%s, target %.3g%s: %s", what, got, unit, limit, unit, verdict))
	return r
}

func (t *table) print(w io.Writer, world *world) {
	fmt.Fprintf(w, "\n%s\n\n%-34s %9s %9s %9s  %s\n", t.head, "", "wall", "CPU", "peak RSS", "")
	for _, r := range t.rows {
		fmt.Fprintf(w, "%-34s %9s %9s %9s  %s\n", r.name, r.wall, r.cpu, r.rss, r.text)
		for _, target := range r.targets {
			fmt.Fprintf(w, "%-34s   %s\n", "", target)
		}
	}
	world.printFamilies(w)
}

func (w *world) printFamilies(out io.Writer) {
	if w.times > 0 {
		return
	}
	fmt.Fprintf(out, "\n%-34s %9s %9s %9s\n", "stored / raw by media type", "documents", "raw", "ratio")
	var names []string
	for n := range w.families {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		f := w.families[n]
		fmt.Fprintf(out, "%-34s %9d %9s %9.3f\n", n, f.documents, megabytes(f.bytes), float64(f.stored)/float64(f.bytes))
	}
}

func short(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%.1f ms", d.Seconds()*1e3)
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
