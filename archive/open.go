package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"kartoteka/archive/internal/durable"
	"kartoteka/seal"
	"kartoteka/verify"
)

// Clock limits (decision 16): a clock behind the last commit, or far ahead of it, stops a writer. One checkpoint dated
// 2046 must not lock an archive for ever.
const (
	clockBehind = 5 * time.Minute
	clockAhead  = 366 * 24 * time.Hour
)

// ErrClock says that the clock contradicts the log.
var ErrClock = errors.New("the clock contradicts the log")

func (a *Archive) openWriter() error {
	if err := a.checkClock(); err != nil {
		return err
	}
	var err error
	if a.private, err = readPrivate(a.opt.Private, a.trust, a.last.Time.Time); err != nil {
		return err
	}
	if a.index, err = a.openIndex(false); err != nil {
		return err
	}
	if err := a.findRollback(); err != nil {
		return err
	}
	// A crash between the checkpoint's rename and its directory's fsync: nobody may be told before this.
	if err := a.fs.SyncDir(logDir); err != nil {
		return err
	}
	if err := a.settleLogKey(); err != nil { // not earlier: a power cut could still have taken the commit back
		return err
	}
	if err := a.quarantine(); err != nil {
		return err
	}
	// A crash between the checkpoint and Publish left superseded partial tiles.
	if err := a.log.Publish(a.head.Size); err != nil {
		return err
	}
	a.writer.workers = make(chan struct{}, a.opt.Workers)
	if a.writer.sealer, err = seal.NewSealer(a.opt.Workers); err != nil {
		return err
	}
	if err := a.checkCompacted(); err != nil {
		return err
	}
	if err := a.index.catchUp(a); err != nil {
		return err
	}
	// A crash after a disposal's commit left records that are to be shredded; so does a restored backup.
	return a.carryOut()
}

func (a *Archive) checkClock() error {
	if a.opt.AcceptClock {
		return nil
	}
	return a.clockFits()
}

// clockFits says whether the clock may date an event after those there are.
func (a *Archive) clockFits() error {
	now := a.opt.Now()
	switch last := a.last.Time; {
	case now.Before(last.Add(-clockBehind)):
		return fmt.Errorf("%w: it says %s, the last event is dated %s", ErrClock, seal.At(now), last)
	case now.After(last.Add(clockAhead)):
		return fmt.Errorf("%w: it says %s, more than a year after the last event (%s)", ErrClock, seal.At(now), last)
	}
	return nil
}

// findRollback asks everything that saw this log before whether it was longer, or another one.
func (a *Archive) findRollback() error {
	if c, ok := a.index.cursor(); ok {
		if err := a.extends(c, indexName); err != nil {
			return err
		}
	}
	receipts, err := newestFiles(filepath.Join(a.opt.Spool, receiptsName), 64)
	if err != nil {
		return err
	}
	for _, name := range receipts {
		data, err := durable.ReadFile(durable.OS(filepath.Dir(name)), filepath.Base(name), seal.MaxReceipt)
		if err != nil {
			continue // fetched in the meantime, or no receipt at all
		}
		c, err := checkpointOf(data, a.trust.policy, a.opt.Now())
		if err != nil {
			continue // not ours to judge: a receipt is the sender's to keep
		}
		if err := a.extends(c, "receipt "+filepath.Base(name)); err != nil {
			return err
		}
	}
	return nil
}

// extends says whether the log goes on from an earlier checkpoint that witness kept.
func (a *Archive) extends(before seal.Checkpoint, witness string) error {
	root := before.Root
	if before.Size > 0 && before.Size <= a.head.Size {
		r, err := a.log.RootAt(before.Size)
		if err != nil {
			return err
		}
		root = seal.Digest(r)
	}
	var err error
	switch {
	case before.Size > a.head.Size:
		err = verify.Consistency(before, a.head, nil)
	case root != before.Root:
		err = verify.Consistency(before, seal.Checkpoint{Size: before.Size, Root: root}, nil)
	}
	if err == nil {
		return nil
	}
	var e *verify.Error
	errors.As(err, &e)
	return &Tampered{Code: e.Code, Subject: logDir, Reason: e.Reason,
		Proof: fmt.Sprintf("%s knows the log at %d events with root %s; this folder's checkpoint is:\n%s", witness, before.Size, before.Root, a.signed)}
}

// checkpointOf takes a checkpoint from a signed note, a receipt or a log proof.
func checkpointOf(data []byte, p *verify.Policy, at time.Time) (seal.Checkpoint, error) {
	if r, err := seal.ParseReceipt(data); err == nil {
		data = []byte(r.Proof)
	}
	if proof, err := seal.ParseProof(data); err == nil {
		data = proof.Checkpoint
	}
	return p.Earlier(data, at)
}

// quarantine moves aside what lies beyond the checkpoint: what an interrupted accession left. Nothing is unlinked.
func (a *Archive) quarantine() error {
	if err := a.log.Mend(); err != nil {
		return err
	}
	beyond, err := a.log.Beyond()
	if err != nil {
		return err
	}
	for _, top := range []string{accessionsDir, keyfilesDir, keyfilesDir2} {
		list, err := a.accessionsAfter(top, a.last.Accession)
		if err != nil {
			return err
		}
		beyond = append(beyond, list...)
	}
	for _, name := range beyond {
		if _, err := durable.MoveAside(a.fs, name, quarantineDir); err != nil {
			return fmt.Errorf("set aside what an interrupted accession left: %w", err)
		}
	}
	return a.sweep()
}

// accessionsAfter lists the accession folders under top that are younger than last. Only the dates of last and later
// are looked at: ids never go back.
func (a *Archive) accessionsAfter(top string, last seal.AccessionID) (list []string, err error) {
	err = a.eachAccession(top, last, func(id seal.AccessionID, name string) {
		if id.Compare(last) > 0 {
			list = append(list, name)
		}
	})
	return list, err
}

// eachAccession calls f for every accession folder under top whose date is from's or later.
func (a *Archive) eachAccession(top string, from seal.AccessionID, f func(id seal.AccessionID, name string)) error {
	years, err := a.folders(top)
	if err != nil {
		return err
	}
	for _, y := range years {
		if y < fmt.Sprintf("%04d", from.Year) {
			continue
		}
		months, err := a.folders(path.Join(top, y))
		if err != nil {
			return err
		}
		for _, m := range months {
			if y+m < fmt.Sprintf("%04d%02d", from.Year, from.Month) {
				continue
			}
			days, err := a.folders(path.Join(top, y, m))
			if err != nil {
				return err
			}
			for _, d := range days {
				if id, err := seal.ParseAccessionID(y + "/" + m + "/" + d); err == nil {
					f(id, path.Join(top, y, m, d))
				}
			}
		}
	}
	return nil
}

// folders lists the folders in dir. A stray file is not ours to walk into; Check names it.
func (a *Archive) folders(dir string) (names []string, err error) {
	entries, err := a.fs.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names, err
}

func (a *Archive) list(dir string) (names []string, err error) {
	entries, err := a.fs.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err
}

// sweep removes temporary files of interrupted writes from the folders that are written outside accessions: they were
// never named by anything.
func (a *Archive) sweep() error {
	for _, dir := range []string{".", logDir, policyDir, ordersDir} {
		names, err := a.list(dir)
		if err != nil {
			return err
		}
		for _, n := range names {
			if durable.IsTemp(n) || dir == "." && (n == rebuiltName || n == checkedName || n == compactName) { // or an index that was being made
				if err := a.fs.Remove(path.Join(dir, n)); err != nil {
					return err
				}
			}
		}
	}
	a.sweepSpool()
	return nil
}

// newestFiles lists at most n regular files of a folder, the youngest first.
func newestFiles(dir string, n int) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	type file struct {
		name string
		at   time.Time
	}
	var files []file
	for _, e := range entries {
		if i, err := e.Info(); err == nil && e.Type().IsRegular() && strings.HasSuffix(e.Name(), ".json") {
			files = append(files, file{filepath.Join(dir, e.Name()), i.ModTime()})
		}
	}
	slices.SortFunc(files, func(x, y file) int { return y.at.Compare(x.at) })
	var names []string
	for _, f := range files[:min(n, len(files))] {
		names = append(names, f.name)
	}
	return names, nil
}
