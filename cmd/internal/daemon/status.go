package daemon

import (
	"os"
	"path/filepath"
	"sync"
	"time"

	"kartoteka/archive"
	"kartoteka/cmd/internal/wire"
	"kartoteka/seal"
)

// pace is how fast the archive grows. Reading it means walking a month of the log, so it is kept for an hour.
type pace struct {
	mu     sync.Mutex
	at     time.Time
	perDay float64 // bytes; 0: nothing was committed in the last 30 days
}

const (
	paceKept    = time.Hour
	fewDaysLeft = 30
)

func (p *pace) get(a *archive.Archive, now time.Time) (float64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.perDay > 0 && now.Sub(p.at).Abs() < paceKept {
		return p.perDay, nil
	}
	perDay, err := a.Pace(now)
	if err != nil {
		return 0, err
	}
	p.at, p.perDay = now, perDay
	return perDay, nil
}

// survey warns of what shows only in the whole: a disk that will soon be full, clear text that is left behind. Only the
// keeper's goroutine calls it: between two accessions no folder is just being purged.
func (k *keeper) survey() {
	s, err := k.status()
	if err != nil {
		k.log.Warn("look at the archive", "error", safe(err))
		return
	}
	k.board.when(s.DaysLeft != nil && *s.DaysLeft < fewDaysLeft, wire.ProblemFewDays, "at the pace of the last 30 days the disk is full in less than 30 days")
	k.leftovers(s.Leftovers)
	k.stampProblems()
}

// leftovers adds to those that got a name of ours the bundles that could not even be renamed.
func (k *keeper) leftovers(n int) {
	k.board.when(n+k.spool.left() > 0, wire.ProblemLeftovers, "bundles that were dealt with cannot be removed from the spool; their clear text is still there")
}

// status says how the archive is. It may be called from any goroutine.
func (k *keeper) status() (s wire.Status, err error) {
	err = k.desk.look(func(a *archive.Archive) error {
		st, err := a.State()
		if err != nil {
			return err
		}
		perDay, err := k.pace.get(a, k.now())
		if err != nil {
			return err
		}
		s = wire.Status{Origin: a.Spec.Origin, Size: st.Head.Size, Root: st.Head.Root.String(), Last: st.Last, Waiting: st.Waiting,
			Rejected: st.Rejected, Leftovers: st.Leftovers, Free: st.Free, Reserve: st.Reserve, DaysLeft: st.DaysLeft(perDay), Index: string(st.Index)}
		if s.Stamps, err = k.stampState(a); err != nil { // an index that is behind or damaged stands on the board already
			s.Stamps = nil
		}
		return nil
	})
	k.board.fill(&s)
	return s, err
}

// writeStatus writes the status file: by rename, so that nobody reads half of it. It is no evidence and is not synced.
func (k *keeper) writeStatus() {
	if k.file == "" {
		return
	}
	s, err := k.status()
	if err == nil {
		err = replaceFile(k.file, s)
	}
	k.board.when(err != nil, wire.ProblemStatusFile, "the status file cannot be written")
}

func replaceFile(name string, v any) error {
	data, err := seal.Marshal(v)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".kartotekad-*.tmp")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if _, err := f.Write(append(data, '\n')); err != nil {
		return err
	}
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
