package retention

import "kartoteka/seal"

// year is the year in which something happened; 0 is not known. It is assumed where nobody stated it and the year in which
// the bundle came in stands for it: never earlier than the truth.
type year struct {
	n       int
	assumed bool
}

func (y year) known() bool { return y.n != 0 }

// later gives the later of two years; where they are equal, the stated one.
func (y year) later(other year) year {
	if other.n > y.n || other.n == y.n && y.assumed {
		return other
	}
	return y
}

// unit is a bundle with everything that is known of it by now.
type unit struct {
	*Bundle
	facts seal.Facts
	law   *law
	clock int // its file's place among the clocks
}

// entry is the year of the last entry that the bundle proves: its own service or issue is one too.
func entry(f *seal.Facts, taken int) year {
	least := max(f.ServiceYear, f.IssuedYear)
	if f.LastEntryYear != 0 {
		return year{max(f.LastEntryYear, least), false}
	}
	if taken == 0 {
		return year{}
	}
	return year{max(taken, least), true}
}

// happened is the year of a rule's trigger in one bundle, without looking at its file.
func (c *compiled) happened(f *seal.Facts, taken int) year {
	switch {
	case c.trigger.Fact == "last_entry_year":
		return entry(f, taken)
	case c.trigger.year == nil:
		return year{}
	}
	if n := c.trigger.year(*f); n != 0 {
		return year{n, false}
	}
	if c.trigger.past {
		return year{taken, true}
	}
	return year{}
}

// clock is what runs for one file: all bundles of one patient under one jurisdiction.
type clock struct {
	law     *law
	entry   year
	unknown bool     // some bundle's last entry is not known, so the file's is not
	onFile  []onFile // beside law.onFile
}

// onFile is the clock of one rule of the file.
type onFile struct {
	latest year
	entry  year // last entry in what the rule covers
}

// prepare puts together what is known of every bundle and of every file.
func (e *Engine) prepare(f *File) ([]unit, []clock) {
	p := f.patient()
	units, clocks := make([]unit, len(f.Bundles)), make([]clock, 0, 2)
	for i := range f.Bundles {
		b := &f.Bundles[i]
		u := &units[i]
		u.Bundle, u.facts, u.law = b, b.Facts, e.laws[b.Facts.Jurisdiction]
		for j := range f.Added {
			if a := &f.Added[j]; a.Bundle != nil && *a.Bundle == b.Leaf {
				correct(&u.facts, &a.Facts)
			}
		}
		p.enter(&u.facts)
		if u.law == nil {
			continue
		}
		u.clock = clockOf(&clocks, u.law)
		clocks[u.clock].see(&u.facts, entry(&u.facts, b.TakenYear), b.TakenYear)
	}
	for i := range clocks {
		clocks[i].seeOthers(f)
	}
	return units, clocks
}

func clockOf(clocks *[]clock, l *law) int {
	for i := range *clocks {
		if (*clocks)[i].law == l {
			return i
		}
	}
	*clocks = append(*clocks, clock{law: l, onFile: make([]onFile, len(l.onFile))})
	return len(*clocks) - 1
}

// see enters one bundle with its last entry.
func (c *clock) see(f *seal.Facts, last year, taken int) {
	c.entry = c.entry.later(last)
	c.unknown = c.unknown || !last.known()
	for i, r := range c.law.onFile {
		if r.Class.Covers(*f) {
			c.onFile[i].latest = c.onFile[i].latest.later(r.happened(f, taken))
			c.onFile[i].entry = c.onFile[i].entry.later(last)
		}
	}
}

// seeOthers enters what disposed bundles left behind, and entries that are known of and lie elsewhere.
func (c *clock) seeOthers(f *File) {
	for i := range f.Carried {
		if s := f.Carried[i].Facts; s.Jurisdiction == c.law.jurisdiction {
			c.see(&s, year{s.LastEntryYear, false}, 0) // all worked out when it was carried
		}
	}
	for i := range f.Added {
		a := &f.Added[i]
		if a.Bundle == nil && (a.Facts.Jurisdiction == "" || a.Facts.Jurisdiction == c.law.jurisdiction) {
			c.entry = c.entry.later(year{a.Facts.LastEntryYear, false})
		}
	}
}

// start is the year in which a rule's term begins for a unit.
func (c *compiled) start(u *unit, k *clock) year {
	switch c.clock {
	case bundleClock, patientClock:
		return c.happened(&u.facts, u.TakenYear)
	case informedClock:
		return year{u.Informed, false}
	case fileEntry:
		if k.unknown {
			return year{}
		}
		return k.entry
	case fileClock:
		return k.onFile[c.fileIndex].start(c.trigger.past)
	}
	return year{}
}

// start of a term that runs from the closing of something: an entry in a later year shows that it was not closed then.
func (o onFile) start(past bool) year {
	if !past && o.entry.n > o.latest.n {
		return year{}
	}
	return o.latest
}
