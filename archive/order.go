package archive

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"

	"kartoteka/archive/internal/durable"
	"kartoteka/seal"
	"kartoteka/verify"
)

const ordersDir = "orders"

func orderName(sum seal.Digest) string { return path.Join(ordersDir, sum.String()+".order.json") }

// OrderFile reads an executed order.
func (a *Archive) OrderFile(sum seal.Digest) ([]byte, error) {
	name := orderName(sum)
	data, err := durable.ReadFile(a.fs, name, seal.MaxSigned)
	if errors.Is(err, fs.ErrPermission) {
		return nil, err
	}
	if err != nil {
		return nil, &Tampered{Code: verify.CodeOrder, Subject: name, Reason: "cannot be read: " + err.Error()}
	}
	if verify.Digest(data) != sum {
		return nil, &Tampered{Code: verify.CodeOrder, Subject: name, Reason: "is not the file the log names"}
	}
	return data, nil
}

// executed reads an executed order and judges it as at its execution: two officers signed it, it is of this log, its days
// allowed it, and it names bundles and acts and nothing else.
func (a *Archive) executed(p *verify.Policy, leaf seal.LeafIndex, e seal.Event) (o seal.Order, goes Records, err error) {
	data, err := a.OrderFile(e.Disposal.Order)
	if err != nil {
		return o, nil, err
	}
	if o, _, err = p.Order(data, e.Time.Time); err == nil {
		err = a.allowed(o, leaf, e)
	}
	if err == nil {
		goes, err = a.destroys(o)
	}
	return o, goes, err
}

// allowed says whether an order could be executed in an event: whoever has the log key may append one that could not.
func (a *Archive) allowed(o seal.Order, leaf seal.LeafIndex, e seal.Event) error {
	root, err := a.rootAt(o.Log.Size)
	day := seal.DateIn(e.Time.Time, a.zone)
	switch {
	case len(o.Bundles) != e.Disposal.Bundles || o.Documents() != e.Disposal.Documents:
		return errors.New("the order names another number of bundles or documents than its event")
	case err != nil || o.Log.Size > int64(leaf) || root != o.Log.Root:
		return errors.New("the order was made in another log, or a fork of this one")
	case day.Before(o.Made) || o.Until.Before(day):
		return fmt.Errorf("the order was executed on %s, outside its days", day)
	}
	for _, b := range o.Bundles {
		if day.Before(b.Due) {
			return fmt.Errorf("the order was executed on %s, and names event %d that was to be kept until %s", day, b.Leaf, b.Due)
		}
	}
	return nil
}

// Records are numbers of records, ascending, by the keyfile that they stand in.
type Records map[keyfileID][]int

// keyfileID names a keyfile.
type keyfileID struct {
	Accession seal.AccessionID
	Class     seal.Class
}

func (k keyfileID) compare(other keyfileID) int {
	return cmp.Or(k.Accession.Compare(other.Accession), cmp.Compare(slices.Index(seal.Classes(), k.Class), slices.Index(seal.Classes(), other.Class)))
}

func (k keyfileID) name(top string) string {
	return path.Join(top, k.Accession.String(), k.Class.FileName())
}

// destroys lists the records that an order shreds: all of its bundles and acts. It names nothing else.
func (a *Archive) destroys(o seal.Order) (Records, error) {
	r, events := Records{}, &eventReader{a: a}
	for _, b := range o.Bundles {
		e, err := events.event(b.Leaf)
		if err != nil {
			return nil, err
		}
		if e.Bundle == nil || e.Bundle.Commitment.Count != b.Documents {
			return nil, fmt.Errorf("the order names event %d, which is of no bundle of %d documents", b.Leaf, b.Documents)
		}
		r.add(e)
	}
	for _, i := range o.Acts {
		e, err := events.event(i)
		if err != nil {
			return nil, err
		}
		if e.Act == nil && e.Release == nil {
			return nil, fmt.Errorf("the order names event %d among the acts, and it is none", i)
		}
		r.add(e)
	}
	for _, numbers := range r {
		slices.Sort(numbers)
	}
	return r, nil
}

// has says whether a record is among them.
func (r Records) has(k keyfileID, n int) bool {
	_, ok := slices.BinarySearch(r[k], n)
	return ok
}

// add adds the records that an event speaks for.
func (r Records) add(e seal.Event) {
	put := func(c seal.Class, n int) {
		k := keyfileID{e.Accession, c}
		r[k] = append(r[k], n)
	}
	switch {
	case e.Bundle != nil:
		for n := range e.Bundle.Commitment.Count + 1 {
			put(seal.ClassContent, e.Bundle.Content+n)
		}
		put(seal.ClassEvidence, e.Bundle.Capsule)
		put(seal.ClassIndex, e.Bundle.Entry)
	case e.Release != nil:
		put(seal.ClassContent, e.Release.Content)
		put(seal.ClassIndex, e.Release.Act)
	case e.Act != nil:
		put(seal.ClassIndex, e.Act.Record)
	}
}

// keyfiles lists them in order.
func (r Records) keyfiles() []keyfileID {
	return slices.SortedFunc(maps.Keys(r), keyfileID.compare)
}
