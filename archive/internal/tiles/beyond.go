package tiles

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"kartoteka/archive/internal/durable"
)

// Beyond returns the paths, below the FS's root, of the tile files that lie
// beyond the published size, and of temporary files beside them: what an
// interrupted Append left, or what a rollback of the checkpoint has cut off.
// The caller decides which, and quarantines. Between Append and Publish it
// also returns what is staged.
//
// It lists only the directories that the right edge runs through and those
// after it. It does not see holes: an index beyond is found whatever
// is missing before it.
func (l *Log) Beyond() ([]string, error) {
	size := l.published().size
	list, err := l.fsys.ReadDir(path.Join(l.dir, "tile"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look beyond size %d: %w", size, err)
	}
	s := &search{log: l}
	for _, e := range list {
		name := e.Name()
		level, err := strconv.Atoi(name)
		switch {
		case name == "entries":
			level = entries
		case durable.IsTemp(name):
			s.found = append(s.found, path.Join(l.dir, "tile", name))
			continue
		case err != nil || level < 0 || level > 63 || strconv.Itoa(level) != name:
			continue // not a tile's; Check names it
		}
		s.edge = edgeTile(size, level)
		if err := s.list(path.Join("tile", name), 0, 0); err != nil {
			return nil, fmt.Errorf("look beyond size %d: %w", size, err)
		}
	}
	return s.found, nil
}

// search walks one level's directories along the edge.
type search struct {
	log   *Log
	edge  tlog.Tile // the first tile that is not full
	found []string
}

// maxGroups is how many groups of three digits an index may have.
const maxGroups = 6

// list looks through a directory. above is the number that the groups of
// digits on the way to it make, depth how many they are.
func (s *search) list(dir string, above int64, depth int) error {
	list, err := s.log.fsys.ReadDir(path.Join(s.log.dir, dir))
	if err != nil {
		return err
	}
	for _, e := range list {
		p := path.Join(dir, e.Name())
		switch {
		case durable.IsTemp(p):
			s.found = append(s.found, path.Join(s.log.dir, p))
		case e.IsDir() && strings.HasSuffix(p, ".p"):
			err = s.listPartials(p)
		case e.IsDir():
			n, perr := strconv.ParseInt(strings.TrimPrefix(e.Name(), "x"), 10, 16)
			if prefix := above*1000 + n; perr == nil && s.leads(prefix, depth) {
				err = s.list(p, prefix, depth+1)
			}
		default:
			s.file(p)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// leads reports whether a directory may hold an index at or after the edge:
// it is on the edge's own way or after it, or on the way to the first
// index with more digits than the edge has. (x001 holds 1,000 to 1,999 but
// x001/x000 holds 1,000,000 to 1,000,999.)
func (s *search) leads(prefix int64, depth int) bool {
	if depth+1 >= maxGroups || prefix <= 0 {
		return false
	}
	groups := 1
	for n := s.edge.N; n >= 1000; n /= 1000 {
		groups++
	}
	if depth >= groups-1 {
		return true // every index below has more digits than the edge
	}
	way := s.edge.N
	for range groups - 1 - depth {
		way /= 1000
	}
	first := int64(1)
	for range depth {
		first *= 1000
	}
	return prefix >= way || prefix == first
}

func (s *search) listPartials(dir string) error {
	full, err := parseTilePath(strings.TrimSuffix(dir, ".p"))
	if err != nil || full.N < s.edge.N {
		return nil // Check names it; superseded ones are Publish's
	}
	list, err := s.log.fsys.ReadDir(path.Join(s.log.dir, dir))
	for _, e := range list {
		s.file(path.Join(dir, e.Name()))
	}
	return err
}

func (s *search) file(p string) {
	t, err := parseTilePath(p)
	beyond := err == nil && (t.N > s.edge.N || t.N == s.edge.N && t.W > s.edge.W)
	if beyond || durable.IsTemp(p) {
		s.found = append(s.found, path.Join(s.log.dir, p))
	}
}
