package daemon

import (
	"cmp"
	"os"
	"slices"
	"time"

	"kartoteka/archive"
)

// Bounds of one accession. Between two of them requests that write are served, so an officer does not wait for the
// whole night's images.
const (
	maxAccession      = 1000
	maxAccessionBytes = 8 << 30
	folderBytes       = 8 << 20 // what a bundle that is a folder counts for, without walking it
)

// bundle is one that stands in the spool.
type bundle struct {
	archive.Source
	came  time.Time
	bytes int64
	tries int       // how often it was postponed
	again time.Time // postponed until then
	left  bool      // dealt with, and still there under its own name
}

// waiting is the spool as last seen, the oldest bundle first. Only the keeper's goroutine uses it.
type waiting struct {
	list  []*bundle
	known map[string]*bundle
}

// update takes over a listing. A bundle came when it is first seen; what is there at the start came, as far as can be
// known, when it was last written: so a night that was missed, or a wait that is over, is made up for at once.
func (w *waiting) update(found []archive.Source, now time.Time) {
	start := w.known == nil
	known := map[string]*bundle{}
	for _, s := range found {
		b := w.known[s.Path]
		if b == nil {
			b = newBundle(s, now, start)
		}
		known[s.Path] = b
	}
	w.known, w.list = known, w.list[:0]
	for _, b := range known {
		w.list = append(w.list, b)
	}
	slices.SortFunc(w.list, func(x, y *bundle) int { return cmp.Or(x.came.Compare(y.came), cmp.Compare(x.Path, y.Path)) })
}

func newBundle(s archive.Source, now time.Time, start bool) *bundle {
	b := &bundle{Source: s, came: now, bytes: folderBytes}
	i, err := os.Lstat(s.Path)
	if err != nil {
		return b
	}
	if i.Mode().IsRegular() {
		b.bytes = i.Size()
	}
	if start && i.ModTime().Before(now) {
		b.came = i.ModTime()
	}
	return b
}

// due is when the next accession begins for what waits; false when nothing does.
func (w *waiting) due(c calendar) (at time.Time, ok bool) {
	fresh := false
	for _, b := range w.list {
		t := b.again
		if t.IsZero() {
			if fresh { // a younger one is due later
				continue
			}
			fresh, t = true, c.due(b.came)
		}
		if !ok || t.Before(at) {
			at, ok = t, true
		}
	}
	return at, ok
}

// next gives one accession's worth of bundles: those that were asked for, and, when an accession is due, all that are
// not postponed to a later time.
func (w *waiting) next(now time.Time, due bool, asked func(path string) bool) (list []archive.Source) {
	var bytes int64
	for _, b := range w.list {
		if !asked(b.Path) && (!due || b.again.After(now)) {
			continue
		}
		if bytes += b.bytes; len(list) == maxAccession || (bytes > maxAccessionBytes && len(list) > 0) {
			break
		}
		list = append(list, b.Source)
	}
	return list
}

// settle takes over an outcome: what is postponed waits a minute, then ever longer, up to an hour. So does what was dealt
// with and could not leave: if it is still there at the next listing, it would else be met again at once, for ever.
func (w *waiting) settle(o archive.Outcome, now time.Time) {
	b := w.known[o.Path]
	if b == nil {
		return
	}
	if b.left = o.Stuck != ""; b.left || o.Status == archive.Postponed {
		b.again = now.Add(backoff(b.tries, time.Hour))
		b.tries++
		return
	}
	delete(w.known, o.Path)
	w.list = slices.DeleteFunc(w.list, func(x *bundle) bool { return x == b })
}

// stuck counts the bundles that were postponed over and over.
func (w *waiting) stuck() (n int) {
	for _, b := range w.list {
		if b.tries > 3 && !b.left {
			n++
		}
	}
	return n
}

// left counts the bundles that were dealt with and still stand there.
func (w *waiting) left() (n int) {
	for _, b := range w.list {
		if b.left {
			n++
		}
	}
	return n
}

// backoff is one minute, doubled with every failure before, up to a limit.
func backoff(failures int, limit time.Duration) time.Duration {
	return min(time.Minute<<min(failures, 10), limit)
}
