package archive

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	bolt "go.etcd.io/bbolt"

	"kartoteka/seal"
	"kartoteka/seal/patient"
)

// fileOf is the key of the patient's file that a bundle belongs to: the person's blind id. A bundle without a person is a
// file of its own.
func fileOf(e seal.Entry) (key seal.Digest) {
	if e.Person != nil {
		return *e.Person
	}
	binary.BigEndian.PutUint64(key[len(key)-8:], uint64(e.Leaf))
	return key
}

// File is what is known of one patient's records for their retention.
type File struct {
	Key     seal.Digest // the person's blind id
	Bundles []FileBundle
	Acts    []FileAct // in the order of the log
}

// FileBundle is one bundle of a file.
type FileBundle struct {
	Leaf seal.LeafIndex
	Row  seal.FactRow
}

// FileAct is what of an act concerns a file, without its words.
type FileAct struct {
	seal.Act
	Ended bool // of a hold: it was released
}

// Files calls f for every file that has bundles, in no order that means anything.
func (a *Archive) Files(f func(File) error) error {
	return a.viewIndex(func(tx *bolt.Tx) error {
		c := tx.Bucket(bucketFacts).Cursor()
		for k, _ := c.First(); k != nil; {
			file, err := readFile(tx, seal.Digest(k[:len(seal.Digest{})]))
			if err != nil {
				return err
			}
			if err := f(file); err != nil {
				return err
			}
			k, _ = c.Seek(partKey(file.Key, -1)) // beyond every leaf
		}
		return nil
	})
}

// Holds lists the events of the holds in force, and calls f for every file that one of them concerns.
func (a *Archive) Holds(f func(File)) (events []seal.LeafIndex, err error) {
	err = a.viewIndex(func(tx *bolt.Tx) error {
		files := map[seal.Digest]bool{}
		err := tx.Bucket(bucketActs).ForEach(func(k, v []byte) error {
			p, err := parsePart(v)
			if err != nil || p.Act.Hold == nil || p.Ended != nil {
				return err
			}
			events = append(events, p.Act.Event)
			files[seal.Digest(k[:len(seal.Digest{})])] = true
			return nil
		})
		for key := range files {
			if err != nil {
				break
			}
			var file File
			if file, err = readFile(tx, key); err == nil {
				f(file)
			}
		}
		return err
	})
	slices.Sort(events)
	return slices.Compact(events), err
}

// CatchUp lets the index see all that is committed: where a commit could not write it, what is decided from it would miss
// a hold.
func (a *Archive) CatchUp() error {
	if a.writer == nil {
		return ErrReadOnly
	}
	return a.index.catchUp(a)
}

// FilesOf gives the files that bundles belong to, each whole. A bundle that is not there has none.
func (a *Archive) FilesOf(bundles []seal.LeafIndex) (files []File, err error) {
	err = a.viewIndex(func(tx *bolt.Tx) error {
		seen := map[seal.Digest]bool{}
		for _, leaf := range bundles {
			v := tx.Bucket(bucketRows).Get(leafKey(leaf))
			if v == nil {
				continue
			}
			e, err := parseRow(v)
			if err != nil {
				return err
			}
			if key := fileOf(e); !seen[key] {
				seen[key] = true
				file, err := readFile(tx, key)
				if err != nil {
					return err
				}
				files = append(files, file)
			}
		}
		return nil
	})
	return files, err
}

// Persons gives the blind ids of the persons whose bundles have an identifier, and the identifier's own, under which a
// later bundle would come in.
func (a *Archive) Persons(id patient.Identifier) (found []seal.Digest, own seal.Digest, err error) {
	x, key, err := a.searchable()
	if err != nil {
		return nil, own, err
	}
	if a.index == nil {
		defer x.Close()
	}
	sets, err := Query{Identifier: id}.keys(key)
	if err != nil || len(sets) == 0 {
		return nil, own, errors.Join(err, errNoIdentifier(sets))
	}
	entries, err := x.search(sets)
	for _, e := range entries {
		if e.Person != nil && !slices.Contains(found, *e.Person) {
			found = append(found, *e.Person)
		}
	}
	return found, sets[0][0], err
}

func errNoIdentifier(sets [][]seal.Digest) error {
	if len(sets) == 0 {
		return errors.New("no identifier is given")
	}
	return nil
}

// viewIndex reads the index, of a writer or of a reader that may.
func (a *Archive) viewIndex(f func(*bolt.Tx) error) error {
	x, _, err := a.searchable()
	if err != nil {
		return err
	}
	if a.index == nil {
		defer x.Close()
	}
	return x.view(f)
}

func readFile(tx *bolt.Tx, key seal.Digest) (File, error) {
	file := File{Key: key}
	err := under(tx, bucketFacts, key, func(leaf seal.LeafIndex, v []byte) error {
		v, err := unsum(v)
		if err != nil {
			return err
		}
		row, err := seal.ParseFactRow(v)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrIndexDamaged, err)
		}
		file.Bundles = append(file.Bundles, FileBundle{leaf, row})
		return nil
	})
	if err != nil {
		return file, err
	}
	err = under(tx, bucketActs, key, func(_ seal.LeafIndex, v []byte) error {
		p, err := parsePart(v)
		file.Acts = append(file.Acts, FileAct{p.Act, p.Ended != nil})
		return err
	})
	return file, err
}

// under calls f for every value of a bucket under a file, by event.
func under(tx *bolt.Tx, bucket []byte, file seal.Digest, f func(seal.LeafIndex, []byte) error) error {
	c := tx.Bucket(bucket).Cursor()
	for k, v := c.Seek(file[:]); bytes.HasPrefix(k, file[:]); k, v = c.Next() {
		if err := f(keyLeaf(k[len(file):]), v); err != nil {
			return err
		}
	}
	return nil
}
