package archive

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"kartoteka/archive/internal/durable"
)

// Names that hide from senders and from the next intake what was dealt with and is still there: a folder that is being
// purged, and what could not be moved to rejected/. State counts them.
const (
	takenPrefix   = ".taken-"
	refusedPrefix = ".refused-"
)

// publish follows a commit: receipts first, then what is in the spool leaves it. A crash in between leaves bundles
// that are known when they are met again.
func (in *intake) publish(batch []Source) error {
	spool := in.a.opt.files(in.a.opt.Spool)
	receipts := durable.NewBatch(spool, receiptsName, filePerm, dirPerm)
	defer receipts.Abort()
	for i, s := range batch {
		entry, ok := in.entries[s.Path]
		if !ok {
			continue
		}
		name, data, err := in.a.receipt(entry)
		if err == nil {
			err = receipts.Replace(receiptsName+"/"+name, data)
		}
		if err != nil {
			return fmt.Errorf("write a receipt: %w", err)
		}
		in.outcomes[i].Receipt = filepath.Join(in.a.opt.Spool, receiptsName, name)
	}
	if err := receipts.Commit(); err != nil {
		return fmt.Errorf("write receipts: %w", err)
	}
	for i, s := range batch {
		if !s.Spooled {
			continue
		}
		if err := in.leave(spool, in.outcomes[i]); err != nil { // what was committed stands, and the others leave
			in.outcomes[i].Stuck = err.Error()
		}
	}
	return nil
}

// leave takes a source out of the spool: taken ones are purged, refused ones set aside with the reason.
func (in *intake) leave(spool durable.FS, o Outcome) error {
	switch o.Status {
	case Taken, Known:
		if err := purge(o.Path, in.seen[o.Path]); err != nil {
			return fmt.Errorf("purge a bundle from the spool: %w", err)
		}
	case Rejected:
		return in.refusedLeaves(spool, o)
	}
	return nil
}

// refusedLeaves moves a refused bundle to rejected/. Where that fails (a name that is not UTF-8, a folder of another
// user) it is at least renamed where it stands, so that it is not judged and logged again at every intake.
func (in *intake) refusedLeaves(spool durable.FS, o Outcome) error {
	err := setAside(spool, o)
	if err == nil {
		return nil
	}
	if werr := durable.WriteFile(spool, rejectedName+"/"+o.ID+".reason.txt", reason(o), filePerm); werr != nil && !errors.Is(werr, fs.ErrExist) {
		err = errors.Join(err, werr)
	}
	return errors.Join(err, os.Rename(o.Path, filepath.Join(filepath.Dir(o.Path), refusedPrefix+o.ID)))
}

// setAside moves a refused bundle into rejected/, under a name of its own where another has taken its.
func setAside(spool durable.FS, o Outcome) error {
	name := filepath.Base(o.Path)
	for _, to := range []string{name, o.ID + "-" + name, o.ID} {
		if len(to) > maxRejectedName || !utf8.ValidString(to) { // too long for its reason file, it would block the spool for ever
			continue
		}
		to = rejectedName + "/" + to
		if _, err := spool.Stat(to); err == nil {
			continue
		}
		if err := durable.WriteFile(spool, to+".reason.txt", reason(o), filePerm); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		err := move(spool, o.Path, to)
		if errors.Is(err, fs.ErrPermission) { // a read-only folder: moving it changes its ".."
			unlock(o.Path)
			err = move(spool, o.Path, to)
		}
		if err == nil || gone(o.Path) {
			return nil
		}
		if !errors.Is(err, fs.ErrExist) { // a link that leads nowhere stands there
			return fmt.Errorf("set a rejected bundle aside: %w", err)
		}
	}
	return fmt.Errorf("set a rejected bundle aside: every name for it in %s is taken", rejectedName)
}

// move takes a bundle from incoming/ to a name in the spool. A name that no durable.FS takes is the sender's fault, and
// renamed all the same.
func move(spool durable.FS, from, to string) error {
	name := filepath.Base(from)
	if utf8.ValidString(name) && filepath.IsLocal(name) {
		return durable.MoveFile(spool, incomingName+"/"+name, to)
	}
	target := filepath.Join(filepath.Dir(filepath.Dir(from)), filepath.FromSlash(to))
	if err := os.Rename(from, target); err != nil {
		return err
	}
	return errors.Join(spool.SyncDir(rejectedName), spool.SyncDir(incomingName))
}

// maxRejectedName leaves room for ".reason.txt" in the 255 bytes a name may have.
const maxRejectedName = 220

// purge removes a bundle's clear text, if it is still the one that was judged: what a sender has put under the same
// name since stays for the next intake. A folder first gets a name of ours: half removed under its own, it would be
// judged after a crash, and refused although it is in the archive. The next opening removes what is left of it.
func purge(name string, judged fs.FileInfo) error {
	i, err := os.Lstat(name)
	if err == nil && !sameFile(judged, i) {
		return nil
	}
	if err == nil && !i.IsDir() {
		err = os.Remove(name)
	}
	if errors.Is(err, fs.ErrNotExist) { // its sender may have been quicker
		return nil
	}
	if err != nil || !i.IsDir() {
		return err
	}
	gone := filepath.Join(filepath.Dir(name), takenPrefix+rand.Text())
	if err := os.Rename(name, gone); err != nil {
		return err
	}
	if os.RemoveAll(gone) == nil {
		return nil
	}
	unlock(gone)
	return os.RemoveAll(gone)
}

func sameFile(then, now fs.FileInfo) bool {
	return then != nil && os.SameFile(then, now) && then.Size() == now.Size() && then.ModTime().Equal(now.ModTime())
}

// unlock lets the owner change the folders of a bundle: the copy of a CD has read-only ones. What fails is found out by
// who then tries to.
func unlock(dir string) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return
	}
	defer root.Close()
	fs.WalkDir(root.FS(), ".", func(p string, d fs.DirEntry, err error) error {
		if d != nil && d.IsDir() {
			root.Chmod(p, 0o700)
		}
		return nil
	})
}

// sweepSpool removes what a crash left half purged or half written. What a sender made undeletable stays: it must not
// keep the archive from opening, and nothing in the spool is believed anyway.
func (a *Archive) sweepSpool() {
	for _, dir := range []string{incomingName, rejectedName, receiptsName} {
		entries, _ := os.ReadDir(filepath.Join(a.opt.Spool, dir))
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), takenPrefix) || (dir != incomingName && durable.IsTemp(e.Name())) {
				name := filepath.Join(a.opt.Spool, dir, e.Name())
				unlock(name)
				_ = os.RemoveAll(name)
			}
		}
	}
}

func reason(o Outcome) []byte {
	return fmt.Appendf(nil, "This bundle was not taken in.\n\nfile:     %s\nreason:   %s\ncode:     %s\nrejected: %s\n\nNothing of it was stored. Mend it at the sender and hand it in again under a new name.\n",
		plain(filepath.Base(o.Path)), plain(o.Reason), o.Code, o.ID)
}

// plain makes a text from outside one line that shows what it says.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}
