package cli

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"kartoteka/cmd/internal/cli/jsonoutput"
	"kartoteka/seal"
)

// plan is an order for people and programs.
func (f orderFile) plan() jsonoutput.OrderPlan {
	o := f.order
	p := jsonoutput.OrderPlan{Schema: jsonoutput.SpecOrderPlan, File: f.name, SHA256: f.sum(), Origin: o.Origin, Number: o.Number, Made: o.Made, Until: o.Until,
		Log: o.Log, Documents: o.Documents(), Bundles: []jsonoutput.OrderedBundle{}, Acts: o.Acts, Released: o.Released, Signed: append([]string{}, f.signers()...)}
	for _, r := range o.Rules {
		p.Rules = append(p.Rules, jsonoutput.OrderedRule{Rule: r.ID, Citation: r.Citation, Schedule: r.Schedule})
	}
	for _, b := range o.Bundles {
		r := &p.Rules[b.Rule]
		r.Bundles++
		r.Documents += b.Documents
		if r.First.IsZero() || b.Due.Before(r.First) {
			r.First = b.Due
		}
		if r.Last.Before(b.Due) {
			r.Last = b.Due
		}
		p.Bundles = append(p.Bundles, jsonoutput.OrderedBundle{Bundle: b.Leaf, Documents: b.Documents, Due: b.Due, Rule: r.Rule, Facts: b.Facts})
	}
	return p
}

// fewBundles are listed wherever a plan is shown; more only where they are asked for.
const fewBundles = 20

// planText prints what an order would destroy; with all, every bundle.
func (e *Env) planText(p jsonoutput.OrderPlan, all bool) {
	w := tabwriter.NewWriter(e.Stdout, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) { fmt.Fprintf(w, name+"\t"+format+"\n", args...) }
	row("order", "%s, made %s, may be executed until %s", clean(p.Number), p.Made, p.Until)
	row("archive", "%s, %d events", clean(p.Origin), p.Log.Size)
	row("root", "%s", p.Log.Root)
	row("SHA-256", "%s (of what is signed)", p.SHA256)
	row("signed by", "%s", signedBy(p.Signed))
	row("destroys", "%s, %s", counted(len(p.Bundles), "bundle"), counted(p.Documents, "document"))
	row("goes along", "%s", eventsOr(p.Acts, "no other record", "records of facts, holds, steps and releases"))
	row("stays", "%s", eventsOr(p.Released, "no copy was handed over", "packets in other hands, which no order reaches"))
	w.Flush()
	for _, r := range p.Rules {
		due := "due " + r.First.String()
		if r.First != r.Last {
			due += " to " + r.Last.String()
		}
		fmt.Fprintf(e.Stdout, "\n%s  %s, %s, %s\n", clean(r.Rule), counted(r.Bundles, "bundle"), counted(r.Documents, "document"), due)
		writeIndented(e.Stdout, clean(r.Citation))
		writeIndented(e.Stdout, "schedule "+r.Schedule.String())
	}
	fmt.Fprintln(e.Stdout)
	if !all && len(p.Bundles) > fewBundles {
		e.say("`kartoteka order show` lists all %d bundles", len(p.Bundles))
		return
	}
	w = tabwriter.NewWriter(e.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "BUNDLE\tDOCUMENTS\tDUE\tRULE\tFACTS ADDED")
	for _, b := range p.Bundles {
		fmt.Fprintf(w, "%d\t%d\t%s\t%s\t%s\n", b.Bundle, b.Documents, b.Due, clean(b.Rule), eventsOf(b.Facts))
	}
	w.Flush()
}

// eventsOf names the events on which a day may rest.
func eventsOf(list []seal.LeafIndex) string {
	if len(list) == 0 {
		return "-"
	}
	var events []string
	for _, i := range list {
		events = append(events, i.String())
	}
	return "events " + strings.Join(events, ", ")
}

func signedBy(names []string) string {
	if len(names) == 0 {
		return "nobody yet; two officers are needed"
	}
	text := clean(strings.Join(names, ", "))
	if len(names) == 1 {
		text += "; a second officer is needed"
	}
	return text
}

func eventsOr(list []seal.LeafIndex, none, what string) string {
	if len(list) == 0 {
		return none
	}
	return what + ": " + eventList(list)
}
