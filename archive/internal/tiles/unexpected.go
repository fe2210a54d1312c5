package tiles

import (
	"errors"
	"io/fs"
	"path"

	"kartoteka/archive/internal/durable"
)

// maxDepth is more than any tile's path has.
const maxDepth = 10

// unexpected names what stands in a directory and does not belong to a log of
// the size. Directories without files are left alone: an interrupted
// run, or the removal of partial tiles, leaves them, and they hold nothing.
func (c *checker) unexpected(dir string, depth int) error {
	list, err := c.log.fsys.ReadDir(path.Join(c.log.dir, dir))
	if errors.Is(err, fs.ErrNotExist) && depth == 0 {
		return nil // an empty log, or every tile has been named as missing
	}
	if err != nil {
		return err
	}
	for _, e := range list {
		p := path.Join(dir, e.Name())
		switch {
		case e.IsDir() && depth < maxDepth:
			err = c.unexpected(p, depth+1)
		case e.IsDir():
			err = c.report(path.Join(c.log.dir, p), TileUnexpected, "no tile stands so deep")
		default:
			err = c.stray(p, e.Type().IsRegular())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) stray(p string, regular bool) error {
	t, err := parseTilePath(p)
	code, detail := TileUnexpected, ""
	switch {
	case durable.IsTemp(p):
		detail = "left by an interrupted run"
	case !regular:
		detail = "not a regular file"
	case err != nil:
		detail = "not the name of a tile"
	case belongs(t, c.size):
		return nil
	case sized(c.size, t.L, t.N).W > t.W:
		code, detail = TileSuperseded, "superseded partial tile"
	default:
		detail = "beyond the log's size"
	}
	return c.report(path.Join(c.log.dir, p), code, detail)
}
