package daemon

import (
	"cmp"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"kartoteka/cmd/internal/wire"
	"kartoteka/seal"
)

// board is what the keeper tells about itself; everybody may read it at any time.
type board struct {
	log  *slog.Logger
	now  func() time.Time
	tell func(string) // systemd's STATUS=; may be nil

	mu       sync.Mutex
	beat     time.Time // the keeper's last turn
	taking   bool
	next     time.Time // the next accession; zero when taking in is stopped
	since    time.Time // the oldest waiting bundle came; zero when none waits
	problems map[string]wire.Problem
	told     string // the last line told
}

// raise puts up a problem and says so once; a problem that is up only gets its text renewed.
func (b *board) raise(code, text string) { b.put(code, text, false) }

// put is raise; critical is what cannot be repaired once it has happened.
func (b *board) put(code, text string, critical bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p, up := b.problems[code]
	if !up {
		p = wire.Problem{Code: code, Since: seal.At(b.now())}
		b.log.Warn("problem", "code", code, "text", text)
	}
	p.Text, p.Critical = text, critical
	if b.problems == nil {
		b.problems = map[string]wire.Problem{}
	}
	b.problems[code] = p
}

// clear takes problems down.
func (b *board) clear(codes ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range codes {
		if p, up := b.problems[c]; up {
			b.log.Info("problem is over", "code", c, "since", p.Since.String())
			delete(b.problems, c)
		}
	}
}

// when raises a problem while something is so, and clears it otherwise.
func (b *board) when(so bool, code, text string) {
	if so {
		b.raise(code, text)
	} else {
		b.clear(code)
	}
}

func (b *board) turn(next, since time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.beat, b.next, b.since = b.now(), next, since
	if line := b.line(); b.tell != nil && line != b.told {
		b.told = line
		b.tell(line)
	}
}

// line is the board for `systemctl status`.
func (b *board) line() string {
	if p := slices.Sorted(maps.Keys(b.problems)); len(p) > 0 {
		return "problems: " + strings.Join(p, ", ")
	}
	return "next accession " + seal.At(b.next).String()
}

func (b *board) take(on bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.taking, b.beat = on, b.now()
}

// alive says whether the keeper still turns. An accession of large images may take as long as it takes.
func (b *board) alive() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.taking || b.now().Sub(b.beat).Abs() < 4*scanEvery
}

// fill copies the board into a status.
func (b *board) fill(s *wire.Status) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s.Taking = b.taking
	if !b.next.IsZero() {
		at := seal.At(b.next)
		s.Next = &at
	}
	if !b.since.IsZero() {
		at := seal.At(b.since)
		s.WaitingSince = &at
	}
	s.Problems = []wire.Problem{}
	for _, p := range b.problems {
		s.Problems = append(s.Problems, p)
	}
	slices.SortFunc(s.Problems, func(x, y wire.Problem) int { return cmp.Compare(x.Code, y.Code) })
}
