package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"kartoteka/cmd/internal/bundler"
)

// pending is an output that has no name yet.
type pending interface {
	commit() error
	abandon()
}

// writeBundles makes all bundles appear, or none: names are given when everything is written, and taken back if one of
// them cannot be given. A crash among the names leaves some of the bundles, each of them whole.
func writeBundles(ctx context.Context, b *bundler.Batch, names []string, dir string, folder bool) (err error) {
	made, err := makeFolder(dir)
	if err != nil {
		return err
	}
	var waiting []pending
	var named []string
	defer func() {
		if err == nil {
			return
		}
		for _, p := range waiting {
			p.abandon()
		}
		for _, n := range named {
			os.RemoveAll(n)
		}
		if made != "" {
			os.Remove(made)
		}
	}()
	for i, p := range b.Parts {
		w, err := writeBundle(ctx, p, names[i], folder)
		if err != nil {
			return err
		}
		waiting = append(waiting, w)
	}
	for i := range names {
		w := waiting[0]
		waiting = waiting[1:]
		if err := w.commit(); err != nil {
			return err
		}
		named = append(named, names[i])
	}
	return nil
}

// makeFolder makes the folder that the bundles go to, if one was named and is not there, and says whether it did.
func makeFolder(dir string) (made string, err error) {
	if dir == "" {
		return "", nil
	}
	switch err := os.Mkdir(dir, 0o755); {
	case err == nil:
		return dir, nil
	case errors.Is(err, os.ErrExist):
		return "", nil
	default:
		return "", err
	}
}

func writeBundle(ctx context.Context, p *bundler.Part, name string, folder bool) (pending, error) {
	if folder {
		return writeFolder(ctx, p, name)
	}
	out, err := create(name, 0o640)
	if err != nil {
		return nil, err
	}
	if err := p.WriteZip(ctx, out); err != nil {
		out.abandon()
		return nil, fmt.Errorf("write %s: %w", name, err)
	}
	return out, nil
}

// outputFolder is a folder that appears whole or not at all.
type outputFolder struct{ part, name string }

func writeFolder(ctx context.Context, p *bundler.Part, name string) (pending, error) {
	if _, err := os.Lstat(name); err == nil {
		return nil, failf(exitFailed, "%s exists; it is not overwritten", name)
	}
	dir, err := os.MkdirTemp(filepath.Dir(name), ".kartoteka-*.part")
	if err != nil {
		return nil, err
	}
	o := &outputFolder{dir, name}
	if err := errors.Join(os.Chmod(dir, 0o750), p.WriteFolder(ctx, dir)); err != nil {
		o.abandon()
		return nil, fmt.Errorf("write %s: %w", name, err)
	}
	return o, nil
}

// commit gives the folder its name. A rename onto an empty folder that appeared meanwhile would lose nothing.
func (o *outputFolder) commit() error {
	if _, err := os.Lstat(o.name); err == nil {
		o.abandon()
		return failf(exitFailed, "%s exists; it is not overwritten", o.name)
	}
	if err := os.Rename(o.part, o.name); err != nil {
		o.abandon()
		return err
	}
	return nil
}

func (o *outputFolder) abandon() { os.RemoveAll(o.part) }
