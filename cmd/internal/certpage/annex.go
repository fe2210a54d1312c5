package certpage

import (
	"strconv"

	"kartoteka/seal"
)

// blockRows is how many rows open at once: a browser lays out what is open, and a phone has to.
const blockRows = 250

// annex is a table that all languages share: a certificate of ten thousand bundles must not hold it four times.
type annex struct {
	Letter  string
	Title   string // label
	Columns []column
	Blocks  []block
	Count   int
}

type column struct {
	Label string
	Class string
}

// block is a part of a table that opens on its own.
type block struct {
	First, Last string // what its first and last row begin with
	Open        bool
	Rows        [][]cell
}

// cell is one or more lines.
type cell struct {
	Class string
	Lines []string
}

// add puts a row into the last block, or begins another.
func (a *annex) add(cells ...[]string) {
	if a.Count++; a.Count%blockRows == 1 {
		a.Blocks = append(a.Blocks, block{First: cells[0][0]})
	}
	row := make([]cell, len(cells))
	for i, lines := range cells {
		row[i] = cell{a.Columns[i].Class, lines}
	}
	b := &a.Blocks[len(a.Blocks)-1]
	b.Last, b.Rows = cells[0][0], append(b.Rows, row)
}

func one(s string) []string { return []string{s} }

func number(n int) []string { return one(strconv.Itoa(n)) }

func annexes(c seal.Certificate, o seal.Order) (list []annex) {
	for _, a := range []annex{bundlesAnnex(c, o), digestsAnnex(c), keyfilesAnnex(c), segmentsAnnex(c), releasesAnnex(c)} {
		if a.Count > 0 {
			list = append(list, a)
		}
	}
	for i := range list {
		list[i].Blocks[0].Open = len(list[i].Blocks) == 1 && list[i].Letter != "B"
	}
	return list
}

func bundlesAnnex(c seal.Certificate, o seal.Order) annex {
	a := annex{Letter: "A", Title: "annexA", Columns: []column{{"colEvent", "n"}, {"colID", "m"}, {"colDocuments", "n"}, {"colDue", "d"}, {"rule", ""}}}
	for i, b := range o.Bundles {
		a.add(one(b.Leaf.String()), one(c.Bundles[i].ID.String()[:10]), number(b.Documents), one(b.Due.String()), one(ruleName(b.Rule)))
	}
	return a
}

func digestsAnnex(c seal.Certificate) annex {
	a := annex{Letter: "B", Title: "annexB", Columns: []column{{"colEvent", "n"}, {"colTaken", "d"}, {"annexB", "m w"}}}
	for _, b := range c.Bundles {
		a.add(one(b.Leaf.String()), one(b.Time.Format("2006-01-02")), []string{"id " + b.ID.String(), "root " + b.Root.String()})
	}
	return a
}

func keyfilesAnnex(c seal.Certificate) annex {
	a := annex{Letter: "C", Title: "annexC", Columns: []column{{"colAccession", "d"}, {"colClass", ""}, {"colGeneration", "n"}, {"colShredded", "n"}}}
	for _, k := range c.Keyfiles {
		a.add(one(k.Accession.String()), one(string(k.Class)), one(k.Generation.String()), number(len(k.Shredded)))
	}
	return a
}

func segmentsAnnex(c seal.Certificate) annex {
	a := annex{Letter: "D", Title: "annexD", Columns: []column{{"colAccession", "d"}, {"colSegment", "n"}}}
	for _, s := range c.Segments {
		a.add(one(s.Accession.String()), number(s.Segment))
	}
	return a
}

func releasesAnnex(c seal.Certificate) annex {
	a := annex{Letter: "E", Title: "annexE", Columns: []column{{"colEvent", "n"}, {"colDate", "d"}}}
	for _, x := range c.Copies {
		if x.Kind == seal.CopyRelease && x.Event != nil && x.Time != nil {
			a.add(one(x.Event.String()), one(x.Time.Format("2006-01-02 15:04 UTC")))
		}
	}
	return a
}
