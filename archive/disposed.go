package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	bolt "go.etcd.io/bbolt"

	"kartoteka/seal"
	"kartoteka/verify"
)

// disposal takes what an order destroyed out of the index, and notes which records are to be shredded.
func (f *follower) disposal(i seal.LeafIndex, e seal.Event) (change, error) {
	o, records, err := f.a.executed(f.a.Policy(), i, e)
	if err != nil { // whoever has the log key may append what no officer signed: it is not carried out
		var bad *Tampered
		if errors.As(err, &bad) || errors.Is(err, fs.ErrPermission) {
			return nil, err
		}
		return nil, &Tampered{Code: verify.CodeOrder, Subject: orderName(e.Disposal.Order), Reason: err.Error()}
	}
	var bundles []seal.LeafIndex
	var events []*seal.BundleEvent
	read := &eventReader{a: f.a}
	for _, b := range o.Bundles {
		e, err := read.event(b.Leaf)
		if err != nil {
			return nil, err
		}
		bundles, events = append(bundles, b.Leaf), append(events, e.Bundle)
	}
	return func(tx *bolt.Tx) error {
		if err := removeBundles(tx, bundles); err != nil {
			return err
		}
		for n, leaf := range bundles {
			if err := putDisposed(tx, leaf, events[n]); err != nil {
				return err
			}
		}
		for k, numbers := range records {
			if err := tx.Bucket(bucketShreds).Put(shredKey(k, i), withSum(packNumbers(numbers))); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// rewrapping notes that keyfiles have other secrets from an event on, if two officers signed it: nothing of a thief's is
// carried out.
func (f *follower) rewrapping(i seal.LeafIndex, e seal.Event) (change, error) {
	if err := f.a.trust.policy.Key(e); err != nil {
		return nil, &Tampered{Code: verify.CodeOfficers, Subject: rewrappingName(e.Key.List), Reason: err.Error()}
	}
	if e.Key.Keyfiles == 0 {
		return nil, nil
	}
	list, err := f.a.rewrappingFile(e.Key.List)
	if err != nil {
		return nil, err
	}
	return func(tx *bolt.Tx) error {
		for _, k := range list.Keyfiles {
			if err := tx.Bucket(bucketShreds).Put(shredKey(keyfileID{k.Accession, k.Class}, i), withSum(nil)); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// putDisposed keeps what remains of a disposed bundle: its id, so that it is known when it comes again, and its label, so
// that no other event gets the same.
func putDisposed(tx *bolt.Tx, leaf seal.LeafIndex, e *seal.BundleEvent) error {
	if v := tx.Bucket(bucketIDs).Get(e.ID[:]); v != nil {
		if later, err := eight(v); err != nil || later > leaf { // it came in again since
			return err
		}
	}
	if err := tx.Bucket(bucketIDs).Put(e.ID[:], withSum(leafKey(leaf))); err != nil {
		return err
	}
	return tx.Bucket(bucketLabels).Put(e.Label[:], nil)
}

// removeBundles takes bundles out of the index, and the acts that go along.
func removeBundles(tx *bolt.Tx, bundles []seal.LeafIndex) error {
	g, err := leaving(tx, bundles)
	if err != nil {
		return err
	}
	parts, err := g.parts(tx)
	if err != nil {
		return err
	}
	for event, files := range parts {
		for _, file := range files {
			if err := del(tx, bucketActs, partKey(file, event)); err != nil {
				return err
			}
			if err := del(tx, bucketOf, ofKey(event, file)); err != nil {
				return err
			}
		}
	}
	for file, whole := range g.files {
		if err := g.narrow(tx, file, whole); err != nil {
			return err
		}
	}
	for leaf, e := range g.bundles {
		if err := removeRow(tx, leaf, e); err != nil {
			return err
		}
	}
	for file := range g.files {
		if err := renumber(tx, file); err != nil {
			return err
		}
	}
	return nil
}

// narrow takes the bundles out of the acts of a file that remain, as a rebuild would not find them there.
func (g departure) narrow(tx *bolt.Tx, file seal.Digest, whole bool) error {
	if whole { // nothing of it is left to narrow
		return nil
	}
	var narrower []part
	err := under(tx, bucketActs, file, func(_ seal.LeafIndex, v []byte) error {
		p, err := parsePart(v)
		if err == nil && slices.ContainsFunc(p.Act.Bundles(), g.has) {
			p.Act = wordless(p.Act, slices.DeleteFunc(slices.Clone(p.Act.Bundles()), g.has))
			narrower = append(narrower, p)
		}
		return err
	})
	for _, p := range narrower {
		err = errors.Join(err, p.put(tx, file))
	}
	return err
}

func del(tx *bolt.Tx, bucket, key []byte) error { return tx.Bucket(bucket).Delete(key) }

func removeRow(tx *bolt.Tx, leaf seal.LeafIndex, e seal.Entry) error {
	for _, b := range e.Blind {
		if err := del(tx, bucketBlind, append(b[:], leafKey(leaf)...)); err != nil {
			return err
		}
	}
	if err := del(tx, bucketFacts, partKey(fileOf(e), leaf)); err != nil {
		return err
	}
	return del(tx, bucketRows, leafKey(leaf))
}

// renumber sets a person's highest number to that of the bundles which remain, as a rebuild would find it.
func renumber(tx *bolt.Tx, file seal.Digest) error {
	if tx.Bucket(bucketPersons).Get(file[:]) == nil { // a file of one bundle without a person
		return nil
	}
	top := 0
	for _, leaf := range leavesUnder(tx, bucketFacts, file) {
		e, err := parseRow(tx.Bucket(bucketRows).Get(leafKey(leaf)))
		if err != nil {
			return err
		}
		top = max(top, e.Number)
	}
	if top == 0 {
		return del(tx, bucketPersons, file[:])
	}
	return tx.Bucket(bucketPersons).Put(file[:], withSum(leafKey(seal.LeafIndex(top))))
}

func shredKey(k keyfileID, event seal.LeafIndex) []byte {
	return append([]byte(k.Accession.String()+"/"+string(k.Class)+"/"), leafKey(event)...)
}

func segmentKey(id seal.AccessionID, n int) []byte {
	return fmt.Appendf(nil, "%s/%06d", id, n)
}
