package container

import "strings"

// tree is the set of names of one container, as a system that ignores case and
// normal form would see it: a name is found under its Twin.
type tree struct {
	lim   Limits
	nodes map[string]*node
	files int
	dirs  int // named as entries of their own
}

type node struct {
	name string
	dir  bool
	own  bool // a folder that has an entry of its own
	used bool // a folder with a file somewhere below
}

func newTree(lim Limits) *tree { return &tree{lim: lim, nodes: map[string]*node{}} }

// addFile takes a file's name, checked by CheckName, and makes its folders.
func (t *tree) addFile(name string) error {
	if t.files++; t.files > t.lim.MaxEntries {
		return fail(CodeTooMany, "", "more than %d files", t.lim.MaxEntries)
	}
	if _, err := t.add(name, name, false); err != nil {
		return err
	}
	for i := 0; i < len(name); i++ {
		if name[i] != '/' {
			continue
		}
		n, err := t.add(name, name[:i], true)
		if err != nil {
			return err
		}
		n.used = true
	}
	return nil
}

// addDir takes the name (without the slash) of a folder's own entry.
func (t *tree) addDir(name string) error {
	if t.dirs++; t.dirs > t.lim.MaxEntries {
		return fail(CodeTooMany, "", "more than %d folders", t.lim.MaxEntries)
	}
	n, err := t.add(name, name, true)
	if err != nil {
		return err
	}
	if n.own {
		return fail(CodeDuplicate, name+"/", "the folder is listed twice")
	}
	n.own = true
	return nil
}

// add finds or makes the node of name, which is entry or a folder above it.
func (t *tree) add(entry, name string, dir bool) (*node, error) {
	key := Twin(name)
	n := t.nodes[key]
	switch {
	case n == nil:
		n = &node{name: strings.Clone(name), dir: dir}
		t.nodes[key] = n
	case n.name != name:
		return nil, fail(CodeNameTwin, entry, "%q and %q are one name on some systems", n.name, name)
	case n.dir != dir:
		return nil, fail(CodeDuplicate, entry, "%q is both a file and a folder", name)
	case !dir:
		return nil, fail(CodeDuplicate, entry, "the name is there twice")
	}
	return n, nil
}

// finish refuses folders without files: they carry nothing but a name, and the
// same bundle as a ZIP and as a folder is to have one verdict.
func (t *tree) finish() error {
	if t.files == 0 {
		return fail(CodeEmpty, "", "no files in it")
	}
	bare := ""
	for _, n := range t.nodes {
		if n.own && !n.used && (bare == "" || n.name < bare) {
			bare = n.name
		}
	}
	if bare != "" {
		return fail(CodeNotRegular, bare+"/", "the folder holds no file")
	}
	return nil
}
