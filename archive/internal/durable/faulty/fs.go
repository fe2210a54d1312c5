package faulty

import (
	"io/fs"
	"path"

	"kartoteka/archive/internal/durable"
)

// view is a folder of the disk.
type view struct {
	d    *Disk
	os   durable.FS
	base string
}

func (v *view) on(name string) string { return path.Join(v.base, name) }

func (v *view) Create(name string, perm fs.FileMode) (durable.Handle, error) {
	f := &file{d: v.d, name: v.on(name), node: &node{perm: perm}}
	err := v.d.change("create", f.name, func() (err error) {
		f.os, err = v.os.Create(name, perm)
		return err
	}, func() error { return v.d.tree.put(v.d.root, f.name, f.node) })
	if err != nil {
		if f.os != nil { // stored, and nobody will close it
			f.os.Close()
		}
		return nil, err
	}
	return f, nil
}

// Mkdir of what is there changes nothing.
func (v *view) Mkdir(name string, perm fs.FileMode) error {
	if _, err := v.os.Stat(name); err == nil {
		if _, err := v.d.look("mkdir", v.on(name)); err != nil {
			return err
		}
		return v.os.Mkdir(name, perm)
	}
	return v.d.change("mkdir", v.on(name), func() error { return v.os.Mkdir(name, perm) },
		func() error { return v.d.tree.put(v.d.root, v.on(name), folder(perm)) })
}

func (v *view) Rename(from, to string) error { return v.rename("rename", v.os.Rename, from, to) }

func (v *view) RenameNew(from, to string) error { return v.rename("rename", v.os.RenameNew, from, to) }

func (v *view) rename(op string, do func(from, to string) error, from, to string) error {
	return v.d.change(op, v.on(to), func() error { return do(from, to) },
		func() error { return v.d.tree.move(v.d.root, v.on(from), v.on(to)) })
}

// Scrub is noted as if nothing of it reached the disk before the file was removed: the worst that can be.
func (v *view) Scrub(name string) error {
	return v.d.change("scrub", v.on(name), func() error { return v.os.Scrub(name) }, func() error { return nil })
}

func (v *view) Remove(name string) error {
	return v.d.change("remove", v.on(name), func() error { return v.os.Remove(name) },
		func() error { return v.d.tree.put(v.d.root, v.on(name), nil) })
}

// SyncDir syncs nothing: what is durable is ours to say, and quicker so.
func (v *view) SyncDir(name string) error {
	return v.d.change("syncdir", v.on(name), func() error { _, err := v.os.ReadDir(name); return err },
		func() error { return v.d.tree.settle(v.d.root, v.on(name)) })
}

func (v *view) Open(name string) (durable.Reader, error) {
	if _, err := v.d.look("open", v.on(name)); err != nil {
		return nil, err
	}
	r, err := v.os.Open(name)
	if err != nil {
		return nil, err
	}
	return &reader{r, v.d, v.on(name)}, nil
}

func (v *view) ReadDir(name string) ([]fs.DirEntry, error) {
	if _, err := v.d.look("readdir", v.on(name)); err != nil {
		return nil, err
	}
	return v.os.ReadDir(name)
}

func (v *view) Stat(name string) (fs.FileInfo, error) {
	if _, err := v.d.look("stat", v.on(name)); err != nil {
		return nil, err
	}
	return v.os.Stat(name)
}

// file is a file being written.
type file struct {
	d    *Disk
	os   durable.Handle
	name string
	node *node
}

func (f *file) Write(p []byte) (n int, err error) {
	err = f.d.change("write", f.name, func() (err error) {
		part := p
		if f.d.strikes(Short) {
			part = p[:len(p)/2]
		}
		n, err = f.os.Write(part)
		f.node.data = append(f.node.data, part[:n]...)
		return err
	}, nil)
	if err != nil {
		n = min(n, len(p)/2) // a writer that fails has not written all, whatever it stored
	}
	return n, err
}

func (f *file) Sync() error {
	return f.d.change("sync", f.name, func() error { f.node.synced = len(f.node.data); return nil }, nil)
}

// Close closes whatever it reports: a test must not run out of files.
func (f *file) Close() error {
	closed := false
	shut := func() error { closed = true; return f.os.Close() }
	err := f.d.change("close", f.name, shut, nil)
	if !closed {
		shut()
	}
	return err
}

// reader is a file being read.
type reader struct {
	durable.Reader
	d    *Disk
	name string
}

func (r *reader) Read(p []byte) (int, error) {
	return r.read(p, r.Reader.Read)
}

func (r *reader) ReadAt(p []byte, off int64) (int, error) {
	return r.read(p, func(p []byte) (int, error) { return r.Reader.ReadAt(p, off) })
}

func (r *reader) read(p []byte, from func([]byte) (int, error)) (int, error) {
	flip, err := r.d.look("read", r.name)
	if err != nil {
		return 0, err
	}
	n, err := from(p)
	if flip && n > 0 {
		p[n/2] ^= 1 << (n % 8)
	}
	return n, err
}
