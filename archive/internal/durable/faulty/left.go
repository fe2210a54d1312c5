package faulty

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
)

// node is a file or a folder, whatever its names are.
type node struct {
	perm fs.FileMode

	data   []byte // of a file, as written
	synced int    // so much of it survives

	now   map[string]*node // of a folder; nil for a file
	safe  map[string]*node // as of its last SyncDir
	since []edit           // what was done to it after
}

// edit is what one change did to one folder: a rename within it is one edit, from one folder to another it is two,
// and a power cut may take either.
type edit struct {
	gone string
	name string
	node *node
}

func folder(perm fs.FileMode) *node {
	return &node{perm: perm, now: map[string]*node{}, safe: map[string]*node{}}
}

// load takes what stands at an operating system's path for safe.
func load(at string) (*node, error) {
	info, err := os.Stat(at)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		data, err := os.ReadFile(at)
		return &node{perm: info.Mode().Perm(), data: data, synced: len(data)}, err
	}
	n := folder(info.Mode().Perm())
	entries, err := os.ReadDir(at)
	for _, e := range entries {
		child, lerr := load(filepath.Join(at, e.Name()))
		if lerr != nil {
			return nil, lerr
		}
		n.now[e.Name()] = child
	}
	n.safe = maps.Clone(n.now)
	return n, err
}

// dir finds a folder. One that was made past the disk (by package os) is taken over, its name not yet safe.
func (n *node) dir(root, name string) (*node, error) {
	if name == "." {
		return n, nil
	}
	up, err := n.dir(root, path.Dir(name))
	if err != nil {
		return nil, err
	}
	child := up.now[path.Base(name)]
	if child == nil {
		if child, err = load(filepath.Join(root, name)); err != nil {
			return nil, err
		}
		up.do(edit{name: path.Base(name), node: child})
	}
	if child.now == nil {
		return nil, errors.New(name + " is not a folder")
	}
	return child, nil
}

func (n *node) do(e edit) {
	n.since = append(n.since, e)
	e.apply(n.now)
}

func (e edit) apply(to map[string]*node) {
	delete(to, e.gone)
	if e.name != "" {
		to[e.name] = e.node
	}
}

// put gives a node a name, or takes the name away.
func (n *node) put(root, name string, child *node) error {
	up, err := n.dir(root, path.Dir(name))
	if err != nil {
		return err
	}
	if child == nil {
		up.do(edit{gone: path.Base(name)})
		return nil
	}
	up.do(edit{name: path.Base(name), node: child})
	return nil
}

func (n *node) move(root, from, to string) error {
	source, err := n.dir(root, path.Dir(from))
	if err != nil {
		return err
	}
	target, err := n.dir(root, path.Dir(to))
	if err != nil {
		return err
	}
	child := source.now[path.Base(from)]
	if child == nil { // made past the disk
		if child, err = load(filepath.Join(root, to)); err != nil {
			return err
		}
	}
	if source == target {
		source.do(edit{gone: path.Base(from), name: path.Base(to), node: child})
		return nil
	}
	source.do(edit{gone: path.Base(from)})
	target.do(edit{name: path.Base(to), node: child})
	return nil
}

// settle makes a folder's names safe, with what was made and removed past the disk.
func (n *node) settle(root, name string) error {
	dir, err := n.dir(root, name)
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(filepath.Join(root, name))
	if err != nil {
		return err
	}
	there := map[string]bool{}
	for _, e := range entries {
		there[e.Name()] = true
		if dir.now[e.Name()] == nil {
			if dir.now[e.Name()], err = load(filepath.Join(root, name, e.Name())); err != nil {
				return err
			}
		}
	}
	maps.DeleteFunc(dir.now, func(name string, _ *node) bool { return !there[name] })
	dir.safe, dir.since = maps.Clone(dir.now), nil
	return nil
}

// clone copies a tree; a node with two names stays one.
func (n *node) clone(seen map[*node]*node) *node {
	if c := seen[n]; c != nil {
		return c
	}
	c := &node{perm: n.perm, data: n.data[:len(n.data):len(n.data)], synced: n.synced}
	seen[n] = c
	if n.now == nil {
		return c
	}
	c.now, c.safe = map[string]*node{}, map[string]*node{}
	for name, child := range n.now {
		c.now[name] = child.clone(seen)
	}
	for name, child := range n.safe {
		c.safe[name] = child.clone(seen)
	}
	for _, e := range n.since {
		if e.node != nil {
			e.node = e.node.clone(seen)
		}
		c.since = append(c.since, e)
	}
	return c
}

// Left is what a power cut leaves of a disk: surely what is safe, and of the rest what chance keeps.
type Left struct{ tree *node }

// Write lays it out as a folder, which must not be there. keep is asked for everything that is not safe: a change of a
// folder, which may so come without those before it, or the bytes of a file; what is not kept of these is torn.
func (l *Left) Write(dir string, keep func() bool) error { return l.tree.write(dir, keep) }

func (n *node) write(at string, keep func() bool) error {
	if n.now == nil {
		data := n.data
		if n.synced < len(data) && !keep() {
			data = data[:(n.synced+len(data))/2]
		}
		return os.WriteFile(at, data, n.perm)
	}
	if err := os.Mkdir(at, n.perm|0o700); err != nil {
		return err
	}
	names := maps.Clone(n.safe)
	for _, e := range n.since {
		if keep() {
			e.apply(names)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if err := names[name].write(filepath.Join(at, name), keep); err != nil {
			return err
		}
	}
	return nil
}
