package stamps

import (
	"cmp"
	"crypto"
	"slices"
	"time"

	"kartoteka/archive"
	"kartoteka/seal"
)

// State of a row.
type State string

const (
	StateHolds   State = "holds"   // beyond what was asked for
	StateDue     State = "due"     // to be stamped again
	StateWaiting State = "waiting" // gathered to be stamped again; an authority has not answered yet
	StateLapsed  State = "lapsed"  // was not stamped again in time: cannot be repaired
)

// Plan says what must be stamped again by when.
type Plan struct {
	At     seal.Time `json:"at"`
	Within seal.Time `json:"within"` // what ends by then is due
	Rows   []Row     `json:"rows"`   // the first to end first
	Calls  int       `json:"calls"`  // to authorities: one a family and hash function, however many nights
	Fresh  int       `json:"fresh"`  // nights without their first token, counted in each family
}

// Row is nights whose evidence ends together.
type Row struct {
	Family seal.Family      `json:"family"`
	TSA    string           `json:"tsa"` // that stamped them last
	By     seal.Time        `json:"by"`  // the first moment at which it is too late
	Why    string           `json:"why"` // certificate, or an algorithm's name
	State  State            `json:"state"`
	Count  int              `json:"nights"`
	First  seal.LeafIndex   `json:"first"` // their events
	Last   seal.LeafIndex   `json:"last"`
	nights []seal.LeafIndex // all of them
}

// Plan reckons it anew, by the algorithms of this program.
func (c *Calendar) Plan(d Desk, at time.Time, within time.Duration) (p Plan, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p = Plan{At: seal.At(at), Within: seal.At(at.Add(within)), Rows: []Row{}}
	if err := c.read(d); err != nil {
		return p, err
	}
	rows := map[rowKey]*Row{}
	err = d.Look(func(a *archive.Archive) error {
		return a.NightStates(func(n archive.NightState) error {
			if n.Until.IsZero() {
				p.Fresh++
				return nil
			}
			return c.add(a, rows, n, p)
		})
	})
	for _, r := range rows {
		p.Rows = append(p.Rows, *r)
	}
	slices.SortFunc(p.Rows, func(x, y Row) int {
		return cmp.Or(x.By.Compare(y.By.Time), cmp.Compare(x.Family, y.Family), cmp.Compare(x.TSA, y.TSA), cmp.Compare(x.State, y.State))
	})
	if err != nil {
		return p, err
	}
	waves, err := p.waves(d)
	p.Calls = len(waves)
	return p, err
}

type rowKey struct {
	family seal.Family
	tsa    string
	end    end
	state  State
}

func (c *Calendar) add(a *archive.Archive, rows map[rowKey]*Row, n archive.NightState, p Plan) error {
	s, known := c.last[held{n.Family, n.Until.Unix()}]
	if !known { // stamped since the log was read: the next plan has it
		s = seal.StampEvent{Family: n.Family, Until: n.Until}
	}
	ends := end{n.Until, WhyCertificate}
	if known {
		var err error
		if ends, err = c.end(a, s); err != nil {
			return err
		}
	}
	k := rowKey{n.Family, s.TSA, ends, p.state(ends.by, n.Wave)}
	r := rows[k]
	if r == nil {
		r = &Row{Family: k.family, TSA: k.tsa, By: ends.by, Why: ends.why, State: k.state, First: n.Night}
		rows[k] = r
	}
	r.nights, r.Last = append(r.nights, n.Night), n.Night
	r.Count++
	return nil
}

func (p Plan) state(by seal.Time, wave bool) State {
	switch {
	case !by.After(p.At.Time):
		return StateLapsed
	case wave:
		return StateWaiting
	case !by.After(p.Within.Time):
		return StateDue
	}
	return StateHolds
}

// wave is what one call renews: nights of one family, with chains of one hash function.
type wave struct {
	family seal.Family
	hash   crypto.Hash
	nights []seal.LeafIndex
}

// waves lists what is to be stamped again. What waits for its renewal already is in no other wave: the second one would not
// cover the first one's token.
func (p Plan) waves(d Desk) (list []wave, err error) {
	err = d.Look(func(a *archive.Archive) error {
		for _, r := range p.Rows {
			for _, n := range r.nights {
				if r.State != StateDue {
					break
				}
				hash, err := a.StampHash(n, r.Family)
				if err != nil {
					return err
				}
				i := slices.IndexFunc(list, func(w wave) bool { return w.family == r.Family && w.hash == hash })
				if i < 0 {
					i, list = len(list), append(list, wave{family: r.Family, hash: hash})
				}
				list[i].nights = append(list[i].nights, n)
			}
		}
		return nil
	})
	return list, err
}

// First is when the first thing ends that can still be saved; and how many nights are beyond it, in each family.
func (p *Plan) First() (by seal.Time, lapsed int) {
	for _, r := range p.Rows {
		switch {
		case r.State == StateLapsed:
			lapsed += r.Count
		case by.IsZero():
			by = r.By
		}
	}
	return by, lapsed
}
