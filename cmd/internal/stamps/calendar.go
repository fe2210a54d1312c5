package stamps

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"kartoteka/archive"
	"kartoteka/seal"
	"kartoteka/verify"
)

// Calendar knows by when each night must be stamped again. It reads what it needs of the log once, and goes on from where it
// was. Its zero value is an empty one.
type Calendar struct {
	mu   sync.Mutex
	next seal.LeafIndex
	last map[held]seal.StampEvent
	ends map[seal.Digest]end // by token: its algorithms never change, only their ends do, with a new program
}

// held is what makes tokens end together: an authority's certificates, in a family. Until stands in the index for each
// night, so that no wave has to be opened to know which token is a night's last.
type held struct {
	family seal.Family
	until  int64 // Unix time
}

// end is when a token proves nothing any more, and why.
type end struct {
	by  seal.Time
	why string
}

// WhyCertificate is the reason of a row whose authority's certificate ends; else it is the name of an algorithm.
const WhyCertificate = "certificate"

// read takes over the stamps that came since the last reading.
func (c *Calendar) read(d Desk) (err error) {
	if c.last == nil {
		c.last, c.ends = map[held]seal.StampEvent{}, map[seal.Digest]end{}
		if c.next, err = firstToRead(d); err != nil {
			return err
		}
	}
	c.next, err = events(d, c.next, func(_ *archive.Archive, _ seal.LeafIndex, e seal.Event) error {
		if s := e.TimeStamp; s != nil {
			c.last[held{s.Family, s.Until.Unix()}] = *s
		}
		return nil
	})
	return err
}

// firstToRead spares the log of decades: of nights that end together, the token of the last one stands behind it.
func firstToRead(d Desk) (first seal.LeafIndex, err error) {
	last := map[held]seal.LeafIndex{}
	err = d.Look(func(a *archive.Archive) error {
		first = seal.LeafIndex(a.Head().Size)
		return a.NightStates(func(n archive.NightState) error {
			if !n.Until.IsZero() {
				last[held{n.Family, n.Until.Unix()}] = n.Night
			}
			return nil
		})
	})
	for _, night := range last {
		first = min(first, night)
	}
	return first, err
}

// end gives the earlier of the certificate's end and that of the first algorithm that ends. Of the tokens under one
// certificate the last one is read for its algorithms: they are those of its keys.
func (c *Calendar) end(a *archive.Archive, s seal.StampEvent) (end, error) {
	if known, ok := c.ends[s.Token]; ok {
		return known, nil
	}
	stamp, err := again(a, s)
	found := end{s.Until, WhyCertificate}
	var bad *verify.Error
	switch {
	case errors.As(err, &bad): // by the table of this program it never held
		found = end{s.Time, string(bad.Code)}
	case err != nil:
		return end{}, err
	}
	for _, g := range stamp.Algorithms {
		if g.Until != nil && g.Until.Before(found.by.Time) {
			found = end{*g.Until, g.String()}
		}
	}
	c.ends[s.Token] = found
	return found, nil
}

// again judges a token that the archive keeps (seal.StampEvent says where) as at its own time: that says nothing of whether
// it may be trusted, but all of what it rests on.
func again(a *archive.Archive, s seal.StampEvent) (verify.Stamp, error) {
	name := filepath.Join(a.Dir(), "evidence", s.Token.String()+".tst")
	token, err := os.ReadFile(name)
	if err == nil && verify.Digest(token) != s.Token {
		err = fmt.Errorf("%s is not the file the log names", name)
	}
	if err != nil {
		return verify.Stamp{}, err
	}
	t, err := seal.ParseStampToken(token)
	if err != nil {
		return verify.Stamp{}, err
	}
	return a.Policy().Stamp(token, t.Info.Hash, t.Info.Imprint, t.Info.Time)
}
