package cli

import (
	"errors"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"

	"kartoteka/archive"
	"kartoteka/cmd/internal/wire"
)

// folders are where the parts of an archive stand that need not stand in it.
type folders struct{ private, spool string }

func (f *folders) flags(set *pflag.FlagSet, e *Env) {
	set.StringVar(&f.private, "private", e.Getenv("KARTOTEKA_PRIVATE"), "`folder` of the log key and the index identity; default ARCHIVE/private")
}

// archiveDir is the folder given with --archive.
func (e *Env) archiveDir() (string, error) {
	if e.archive == "" {
		return "", &status{exitNoArchive, errors.New("no archive is named"), "name the archive's folder with --archive or KARTOTEKA_ARCHIVE"}
	}
	return e.archive, nil
}

// openArchive opens the archive of --archive.
func (e *Env) openArchive(o archive.Options) (*archive.Archive, error) {
	dir, err := e.archiveDir()
	if err != nil {
		return nil, err
	}
	o.Now = e.Now
	return archive.Open(dir, o)
}

// openWriter opens it for writing; instead says what to do when kartotekad has it.
func (e *Env) openWriter(f folders, instead string) (*archive.Archive, error) {
	return e.openWriterWith(f, archive.Options{}, instead)
}

func (e *Env) openWriterWith(f folders, o archive.Options, instead string) (*archive.Archive, error) {
	o.Write, o.Private, o.Spool = true, f.private, f.spool
	a, err := e.openArchive(o)
	switch {
	case errors.Is(err, archive.ErrBusy):
		return nil, &status{exitBusy, err, instead}
	case errors.Is(err, archive.ErrPrivate):
		return nil, &status{exitNoKey, err, "only who may read the private folder writes to an archive: run it as the archive's user, or name the folder with --private"}
	}
	return a, err
}

// daemon connects to kartotekad. It gives nil, and no error, when none is running and the archive can be opened
// instead.
func (e *Env) daemon() (*wire.Client, error) {
	path := e.socket
	if path == "" {
		dir, err := e.archiveDir()
		if err != nil {
			return nil, err
		}
		path = filepath.Join(dir, "kartotekad.sock")
	}
	c, err := wire.Dial(path)
	switch {
	case errors.Is(err, wire.ErrNoDaemon) && e.archive != "":
		return nil, nil
	case errors.Is(err, wire.ErrNoDaemon):
		return nil, &status{exitFailed, err, "start kartotekad, or name the archive's folder with --archive"}
	}
	return c, err
}

// search asks the daemon, or the archive itself where this user may read the index identity.
func (e *Env) search(f folders, q archive.Query, ask func(*wire.Client) ([]archive.Found, error)) ([]archive.Found, error) {
	c, err := e.daemon()
	if err != nil {
		return nil, err
	}
	if c != nil {
		defer c.Close()
		return ask(c)
	}
	a, err := e.openArchive(archive.Options{Private: f.private})
	if err != nil {
		return nil, err
	}
	defer a.Close()
	found, err := a.Find(q)
	return found, indexHint(err)
}

// indexHint says what to do when the index cannot be asked.
func indexHint(err error) error {
	switch {
	case errors.Is(err, archive.ErrPrivate):
		return &status{exitNoKey, err, "kartotekad is not running, and you may not read the index identity: start kartotekad, or search as its user"}
	case errors.Is(err, archive.ErrIndexDamaged):
		return err
	case errors.Is(err, fs.ErrNotExist):
		return &status{exitFailed, err, "the index is missing; `kartoteka rebuild` makes it anew, nothing is lost"}
	}
	return err
}

// slow is progress for what usually is quick: nothing is drawn within the first second.
func (e *Env) slow(what string) func(done, all int64) {
	draw := e.progress(what)
	start, last, drawn := time.Now(), time.Time{}, false
	return func(done, all int64) {
		now := time.Now()
		if done >= all {
			if drawn {
				draw(done, all)
			}
			drawn = false
			return
		}
		if now.Sub(start) < time.Second || now.Sub(last) < time.Second/5 {
			return
		}
		draw(done, all)
		last, drawn = now, true
	}
}
