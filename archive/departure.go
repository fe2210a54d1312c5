package archive

import (
	"bytes"
	"slices"

	bolt "go.etcd.io/bbolt"

	"kartoteka/seal"
)

// Along is what an order must name beside its bundles.
type Along struct {
	Acts     []seal.LeafIndex // fact, hold, step, carried and release events whose records are destroyed with the bundles
	Released []seal.LeafIndex // release events of packets that hold documents of them
}

// Along finds what goes along with bundles: the acts about a patient of whom nothing remains, and those about bundles of
// which none remains.
func (a *Archive) Along(bundles []seal.LeafIndex) (with Along, err error) {
	err = a.viewIndex(func(tx *bolt.Tx) error {
		g, err := leaving(tx, bundles)
		if err != nil {
			return err
		}
		with, err = g.along(tx)
		return err
	})
	return with, err
}

// departure is what leaves the index with bundles.
type departure struct {
	bundles map[seal.LeafIndex]seal.Entry
	files   map[seal.Digest]bool // true: nothing of the file remains
}

// leaving finds what leaves with bundles. Those that left already are passed over.
func leaving(tx *bolt.Tx, bundles []seal.LeafIndex) (g departure, err error) {
	g = departure{map[seal.LeafIndex]seal.Entry{}, map[seal.Digest]bool{}}
	for _, leaf := range bundles {
		v := tx.Bucket(bucketRows).Get(leafKey(leaf))
		if v == nil {
			continue
		}
		e, err := parseRow(v)
		if err != nil {
			return g, err
		}
		g.bundles[leaf] = e
		g.files[fileOf(e)] = true
	}
	for file := range g.files {
		for _, leaf := range leavesUnder(tx, bucketFacts, file) {
			if _, ok := g.bundles[leaf]; !ok {
				g.files[file] = false
				break
			}
		}
	}
	return g, nil
}

func leavesUnder(tx *bolt.Tx, bucket []byte, file seal.Digest) (list []seal.LeafIndex) {
	c := tx.Bucket(bucket).Cursor()
	for k, _ := c.Seek(file[:]); bytes.HasPrefix(k, file[:]); k, _ = c.Next() {
		list = append(list, keyLeaf(k[len(file):]))
	}
	return list
}

// parts lists the parts of acts that go, by event: all of a file that ends, and those about bundles that are all gone.
func (g departure) parts(tx *bolt.Tx) (map[seal.LeafIndex][]seal.Digest, error) {
	parts := map[seal.LeafIndex][]seal.Digest{}
	for file, whole := range g.files {
		err := under(tx, bucketActs, file, func(event seal.LeafIndex, v []byte) error {
			p, err := parsePart(v)
			if err == nil && (whole || g.left(tx, p.Act)) {
				parts[event] = append(parts[event], file)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return parts, nil
}

// left says whether none of the bundles that an act is about remains.
func (g departure) left(tx *bolt.Tx, act seal.Act) bool {
	bundles := act.Bundles()
	for _, leaf := range bundles {
		if _, goes := g.bundles[leaf]; !goes && tx.Bucket(bucketRows).Get(leafKey(leaf)) != nil {
			return false
		}
	}
	return len(bundles) > 0
}

// along lists the events of whose acts no part remains, and the releases of the bundles.
func (g departure) along(tx *bolt.Tx) (with Along, err error) {
	parts, err := g.parts(tx)
	if err != nil {
		return with, err
	}
	for event, files := range parts {
		if len(filesOf(tx, event)) == len(files) {
			with.Acts = append(with.Acts, event)
		}
	}
	for file := range g.files {
		err := under(tx, bucketActs, file, func(event seal.LeafIndex, v []byte) error {
			p, err := parsePart(v)
			if err == nil && slices.ContainsFunc(p.Act.Released, g.has) {
				with.Released = append(with.Released, event)
			}
			return err
		})
		if err != nil {
			return with, err
		}
	}
	slices.Sort(with.Acts)
	slices.Sort(with.Released)
	with.Released = slices.Compact(with.Released)
	return with, nil
}

func (g departure) has(leaf seal.LeafIndex) bool {
	_, ok := g.bundles[leaf]
	return ok
}
