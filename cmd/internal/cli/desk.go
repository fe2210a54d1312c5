package cli

import (
	"context"
	"errors"

	"kartoteka/archive"
	"kartoteka/cmd/internal/wire"
	"kartoteka/seal"
)

// desk is where a release is made: the archive's files are read here, while look-ups and events go to kartotekad where
// one runs, so that a clerk never holds the index identity or the log key.
type desk struct {
	archive *archive.Archive // reads; where no daemon runs it is the writer too
	daemon  *wire.Client     // nil where none runs
}

func (e *Env) openDesk(f folders) (*desk, error) {
	c, err := e.daemon()
	if err != nil {
		return nil, err
	}
	d := &desk{daemon: c}
	if c == nil {
		d.archive, err = e.openWriter(f, "kartotekad has the archive but not the socket asked for; name it with --socket")
	} else {
		d.archive, err = e.openArchive(archive.Options{})
	}
	if err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

func (d *desk) find(ctx context.Context, q archive.Query) ([]archive.Found, error) {
	if d.daemon != nil {
		return d.daemon.Find(ctx, q)
	}
	found, err := d.archive.Find(q)
	return found, indexHint(err)
}

func (d *desk) release(ctx context.Context, r seal.Release, custodian string) (seal.LeafIndex, error) {
	if d.daemon != nil {
		return d.daemon.Release(ctx, r, custodian)
	}
	return d.commit(func(a *archive.Accession) (seal.LeafIndex, error) { return a.Release(r, custodian) })
}

func (d *desk) void(ctx context.Context, release seal.LeafIndex, code string) error {
	if d.daemon != nil {
		_, err := d.daemon.ReleaseVoid(ctx, release, code)
		return err
	}
	_, err := d.commit(func(a *archive.Accession) (seal.LeafIndex, error) { return a.ReleaseVoid(release, code), nil })
	return err
}

// commit makes an accession of one event.
func (d *desk) commit(stage func(*archive.Accession) (seal.LeafIndex, error)) (seal.LeafIndex, error) {
	acc, err := d.archive.Begin()
	if err != nil {
		return 0, err
	}
	defer acc.Abort()
	leaf, err := stage(acc)
	if err != nil {
		return 0, err
	}
	err = acc.Commit()
	var after *archive.AfterCommit
	if errors.As(err, &after) {
		err = nil // the event is in the log; what was left undone is made up for at the next commit
	}
	return leaf, err
}

func (d *desk) Close() error {
	var err error
	if d.daemon != nil {
		err = d.daemon.Close()
	}
	if d.archive != nil {
		err = errors.Join(err, d.archive.Close())
	}
	return err
}
