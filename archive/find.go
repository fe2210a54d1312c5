package archive

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	bolt "go.etcd.io/bbolt"

	"kartoteka/seal"
	"kartoteka/seal/patient"
)

// Query says which bundles are looked for. Either an identifier, or names with a birth date, or neither: then all.
type Query struct {
	Identifier patient.Identifier `json:"identifier,omitzero"`
	Name       string             `json:"name,omitempty"` // family name, or given and family: each word is tried
	Born       string             `json:"born,omitempty"` // YYYY-MM-DD
	From       string             `json:"from,omitempty"` // first month, YYYY-MM
	To         string             `json:"to,omitempty"`   // last month
	Class      string             `json:"class,omitempty"`
	Since      string             `json:"since,omitempty"` // archived on this day (UTC) or later, YYYY-MM-DD
	Limit      int                `json:"limit,omitempty"` // 0: no limit
}

// Found is what a search shows: what the index knows, and no more. An index entry holds no name and no title.
type Found struct {
	Leaf       seal.LeafIndex   `json:"leaf"`
	ID         seal.Digest      `json:"id"` // of the event
	Accession  string           `json:"accession"`
	Archived   seal.Time        `json:"archived"`
	Kind       string           `json:"kind"`
	Month      string           `json:"month"`
	Documents  int              `json:"documents"`
	Classes    []string         `json:"classes"`
	Conf       string           `json:"confidentiality"`
	Current    bool             `json:"current"`               // no later version replaces any of its documents
	Replaces   []seal.LeafIndex `json:"replaces,omitempty"`    // earlier bundles of which it replaces a document
	ReplacedBy []seal.LeafIndex `json:"replaced_by,omitempty"` // later bundles that replace a document of it
	Replaced   []int            `json:"replaced,omitempty"`    // its documents that were replaced, by number
	Flags      []string         `json:"flags,omitempty"`
}

// Find searches the index. It needs the index identity: a writer has it, a reader must be able to read it.
func (a *Archive) Find(q Query) ([]Found, error) {
	x, key, err := a.searchable()
	if err != nil {
		return nil, err
	}
	if a.index == nil {
		defer x.Close()
	}
	keys, err := q.keys(key)
	if err != nil {
		return nil, err
	}
	if keys == nil {
		list, related, err := a.listed(x, q)
		if err != nil {
			return nil, err
		}
		return a.present(q, list, related)
	}
	entries, err := x.search(keys)
	if err != nil {
		return nil, err
	}
	return a.present(q, entries, entries)
}

func (a *Archive) searchable() (*Index, seal.IndexKey, error) {
	if a.private != nil && a.index != nil {
		return a.index, a.private.Key, nil
	}
	id, err := ReadIndexIdentity(a.opt.Private)
	if err != nil {
		return nil, seal.IndexKey{}, err
	}
	if !a.trust.indexes(id) { // it would find nobody, and say so
		return nil, seal.IndexKey{}, fmt.Errorf("%w: %s is another archive's", ErrPrivate, indexKeyName)
	}
	x, err := a.openIndex(true)
	if err != nil {
		return nil, seal.IndexKey{}, err
	}
	return x, seal.NewIndexKey(id), nil
}

// keys gives the blind ids of a query: sets of which a bundle must have one each. None means all bundles.
func (q Query) keys(k seal.IndexKey) (sets [][]seal.Digest, err error) {
	if q.Identifier.System != "" {
		if q.Identifier.Role == "" {
			q.Identifier.Role = patient.RoleOwn
		}
		return [][]seal.Digest{{k.Blind(patient.SearchKey(q.Identifier))}}, nil
	}
	if (q.Name == "") != (q.Born == "") {
		return nil, errors.New("a search by name needs the name and the birth date")
	}
	if q.Name == "" {
		return nil, nil
	}
	var set []seal.Digest
	for _, key := range patient.NameKeys(q.Name, "", q.Born) {
		set = append(set, k.Blind(key))
	}
	if len(set) == 0 {
		return nil, fmt.Errorf("the birth date %q is not a whole date (YYYY-MM-DD), or the name has no letters", q.Born)
	}
	return [][]seal.Digest{set}, nil
}

func (x *Index) search(sets [][]seal.Digest) (entries []seal.Entry, err error) {
	err = x.view(func(tx *bolt.Tx) error {
		rows := tx.Bucket(bucketRows)
		take := func(v []byte) error {
			e, err := parseRow(v)
			entries = append(entries, e)
			return err
		}
		for _, leaf := range leavesOf(tx, sets) {
			if err := take(rows.Get(leafKey(leaf))); err != nil {
				return err
			}
		}
		return nil
	})
	return entries, err
}

func leavesOf(tx *bolt.Tx, sets [][]seal.Digest) (leaves []seal.LeafIndex) {
	c := tx.Bucket(bucketBlind).Cursor()
	for _, set := range sets {
		for _, d := range set {
			for k, _ := c.Seek(d[:]); bytes.HasPrefix(k, d[:]); k, _ = c.Next() {
				leaves = append(leaves, keyLeaf(k[len(d):]))
			}
		}
	}
	slices.Sort(leaves)
	return slices.Compact(leaves)
}

// present filters entries and says which are current, judged by the related ones.
func (a *Archive) present(q Query, entries, related []seal.Entry) ([]Found, error) {
	v := relate(related)
	found := []Found{}
	events := &eventReader{a: a}
	for _, e := range entries {
		if !q.selects(e) {
			continue
		}
		event, err := events.event(e.Leaf)
		if err != nil {
			return nil, err
		}
		if event.Bundle == nil {
			return nil, fmt.Errorf("%w: event %d is not of a bundle", ErrIndexDamaged, e.Leaf)
		}
		if q.Since != "" && event.Time.Format(time.DateOnly) < q.Since {
			continue
		}
		f := Found{Leaf: e.Leaf, ID: event.Bundle.ID, Accession: event.Accession.String(), Archived: event.Time,
			Kind: e.Kind, Month: e.Month, Documents: e.Count, Classes: e.Classes, Conf: e.Conf, Flags: e.Flags}
		v.describe(e, &f)
		if found = append(found, f); q.Limit > 0 && len(found) == q.Limit {
			break
		}
	}
	return found, nil
}

func (q Query) selects(e seal.Entry) bool {
	return (q.From == "" || e.Month >= q.From) && (q.To == "" || e.Month <= q.To) &&
		(q.Class == "" || slices.Contains(e.Classes, q.Class))
}

// versions relates documents of several bundles to each other.
type versions struct {
	replacedBy map[seal.Digest]seal.LeafIndex // document id -> the bundle that replaces it
	byID       map[seal.Digest]seal.LeafIndex // document id -> its bundle
	sets       map[seal.Digest][]versionInSet
}

type versionInSet struct {
	number int
	leaf   seal.LeafIndex
}

func relate(entries []seal.Entry) versions {
	v := versions{map[seal.Digest]seal.LeafIndex{}, map[seal.Digest]seal.LeafIndex{}, map[seal.Digest][]versionInSet{}}
	for _, e := range entries {
		for _, d := range e.Versions {
			if d.ID != nil {
				v.byID[*d.ID] = e.Leaf
			}
			if d.Replaces != nil {
				v.replacedBy[*d.Replaces] = e.Leaf
			}
			if n, err := strconv.Atoi(d.Number); err == nil && d.Set != nil {
				v.sets[*d.Set] = append(v.sets[*d.Set], versionInSet{n, e.Leaf})
			}
		}
	}
	return v
}

// describe says of one bundle what it replaced and what replaced it: by an explicit relation, or by a higher version
// of the same set.
func (v versions) describe(e seal.Entry, f *Found) {
	for _, d := range e.Versions {
		later, earlier := v.around(e.Leaf, d)
		if len(later) > 0 {
			f.Replaced = append(f.Replaced, d.Document)
		}
		f.ReplacedBy = append(f.ReplacedBy, later...)
		f.Replaces = append(f.Replaces, earlier...)
	}
	slices.Sort(f.ReplacedBy)
	slices.Sort(f.Replaces)
	f.ReplacedBy, f.Replaces = slices.Compact(f.ReplacedBy), slices.Compact(f.Replaces)
	f.Current = len(f.ReplacedBy) == 0
}

func (v versions) around(leaf seal.LeafIndex, d seal.Version) (later, earlier []seal.LeafIndex) {
	if d.ID != nil {
		if l, ok := v.replacedBy[*d.ID]; ok && l != leaf {
			later = append(later, l)
		}
	}
	if d.Replaces != nil {
		if l, ok := v.byID[*d.Replaces]; ok && l != leaf {
			earlier = append(earlier, l)
		}
	}
	n, err := strconv.Atoi(d.Number)
	if d.Set == nil || err != nil {
		return later, earlier
	}
	for _, o := range v.sets[*d.Set] {
		switch {
		case o.number > n:
			later = append(later, o.leaf)
		case o.number < n:
			earlier = append(earlier, o.leaf)
		}
	}
	return later, earlier
}
