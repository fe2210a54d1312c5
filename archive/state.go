package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"kartoteka/archive/internal/durable"
	"kartoteka/seal"
)

// State is what an operator looks at.
type State struct {
	Head      seal.Checkpoint
	Last      seal.Time
	Accession seal.AccessionID // the last one
	Waiting   int              // bundles in the spool
	Rejected  int              // refused bundles that are kept
	Leftovers int              // bundles that were dealt with and could not be removed from the spool
	Free      uint64           // bytes
	Reserve   uint64           // bytes that are left free
	Index     IndexState
}

// IndexState says whether look-ups see everything that is committed.
type IndexState string

const (
	IndexInStep  IndexState = "in_step"
	IndexBehind  IndexState = "behind"
	IndexUnknown IndexState = "unknown" // opened for reading only
)

// State looks at the archive, its spool and its disk.
func (a *Archive) State() (s State, err error) {
	s.Head, s.Index = a.Head(), IndexUnknown
	_, e, err := a.Event(seal.LeafIndex(s.Head.Size - 1))
	if err != nil {
		return s, err
	}
	s.Last, s.Accession = e.Time, e.Accession
	if a.index != nil {
		s.Index = IndexBehind
		if c, ok := a.index.cursor(); ok && c.Size >= s.Head.Size { // it may have gone on since
			s.Index = IndexInStep
		}
	}
	free, total, err := durable.FreeSpace(a.dir)
	if err != nil {
		return s, err
	}
	s.Free, s.Reserve = free, a.reserve(total)
	if s.Rejected, err = a.rejected(); err != nil {
		return s, err
	}
	waiting, err := a.Spooled()
	s.Waiting, s.Leftovers = len(waiting), a.leftovers()
	return s, err
}

func (a *Archive) leftovers() (n int) {
	entries, _ := os.ReadDir(filepath.Join(a.opt.Spool, incomingName))
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), takenPrefix) || strings.HasPrefix(e.Name(), refusedPrefix) {
			n++
		}
	}
	return n
}

// rejected counts refused bundles: each has its reason file.
func (a *Archive) rejected() (n int, err error) {
	entries, err := os.ReadDir(filepath.Join(a.opt.Spool, rejectedName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("read the spool: %w", err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".reason.txt") {
			n++
		}
	}
	return n, nil
}

// paceOver is the time over which the pace is measured, and paceLeast the least time that gives one.
const (
	paceOver  = 30 * 24 * time.Hour
	paceLeast = 24 * time.Hour
)

// Pace is how many bytes a day the archive grew over the last 30 days; 0 while it is younger than a day.
func (a *Archive) Pace(now time.Time) (perDay float64, err error) {
	bytes, from, err := a.growth(now.Add(-paceOver))
	if err != nil || now.Sub(from) < paceLeast {
		return 0, err
	}
	return float64(bytes) / (now.Sub(from).Hours() / 24), nil
}

// DaysLeft is how long the disk lasts at a pace; nil when there is none yet.
func (s State) DaysLeft(perDay float64) *int {
	if perDay == 0 {
		return nil
	}
	days := 0
	if s.Free > s.Reserve {
		days = int(float64(s.Free-s.Reserve) / perDay)
	}
	return &days
}

// growth is how many bytes of segments were committed since a time, and since when that is known: the archive may be
// younger. It walks back from one accession event to the one before it.
func (a *Archive) growth(since time.Time) (bytes int64, from time.Time, err error) {
	for i := seal.LeafIndex(a.Head().Size - 1); i >= 0; {
		_, e, err := a.Event(i)
		if err != nil {
			return 0, from, err
		}
		if e.Accessioned == nil || e.Time.Before(since) {
			return bytes, since, nil
		}
		for _, s := range e.Accessioned.Segments {
			bytes += s.Length
		}
		from = e.Time.Time
		i -= seal.LeafIndex(e.Accessioned.Events) + 1
	}
	return bytes, from, nil
}
