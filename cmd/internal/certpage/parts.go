package certpage

import (
	"fmt"
	"strconv"

	"kartoteka/seal"
)

// Rule is a rule of the order, and for how many bundles it stands.
type Rule struct {
	Name    string // R1, as the annex calls it
	Rule    seal.OrderRule
	Bundles int
}

// Rules lists each rule once.
func (p *page) Rules() []Rule {
	list := make([]Rule, len(p.Order.Rules))
	for i, r := range p.Order.Rules {
		list[i] = Rule{Name: ruleName(i), Rule: r}
	}
	for _, b := range p.Order.Bundles {
		list[b.Rule].Bundles++
	}
	return list
}

func ruleName(i int) string { return "R" + strconv.Itoa(i+1) }

// Shredded counts the headers that were removed.
func (p *page) Shredded() (n int) {
	for _, k := range p.Certificate.Keyfiles {
		n += len(k.Shredded)
	}
	return n
}

// Confirmed are the copies of the archive that are destroyed, by name.
func (s section) Confirmed() (names []string, err error) {
	for _, x := range s.Certificate.Copies {
		if x.State != seal.CopyDestroyed {
			continue
		}
		name := x.Where
		if x.Kind == seal.CopyIndex {
			if name, err = s.T("index"); err != nil {
				return nil, err
			}
		}
		names = append(names, name)
	}
	return names, nil
}

// Releases counts the copies that were handed over.
func (p *page) Releases() (n int) {
	for _, x := range p.Certificate.Copies {
		if x.Kind == seal.CopyRelease {
			n++
		}
	}
	return n
}

// Offline says whether copies may exist that no program reaches.
func (p *page) Offline() bool {
	for _, x := range p.Certificate.Copies {
		if x.Kind == seal.CopyOffline {
			return true
		}
	}
	return false
}

// Other are copies that stand nowhere else on the page: it must not be silent about one.
func (p *page) Other() (names []string) {
	for _, x := range p.Certificate.Copies {
		if x.State != seal.CopyDestroyed && x.Kind != seal.CopyRelease && x.Kind != seal.CopyOffline {
			names = append(names, fmt.Sprintf("%s %s: %s", x.Kind, x.Where, x.State))
		}
	}
	return names
}

// Schedule is a schedule of the order's rules.
type Schedule struct {
	Sum   seal.Digest
	Rules string // R1–R3
}

// Schedules lists each schedule once: rules stand in the order of their schedules.
func (p *page) Schedules() (list []Schedule) {
	first := 0
	for i, r := range p.Order.Rules {
		if i > 0 && r.Schedule == p.Order.Rules[i-1].Schedule {
			list[len(list)-1].Rules = ruleName(first) + "–" + ruleName(i)
			continue
		}
		first, list = i, append(list, Schedule{r.Schedule, ruleName(i)})
	}
	return list
}
