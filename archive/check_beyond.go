package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"

	"kartoteka/archive/internal/durable"
	"kartoteka/archive/internal/tiles"
	"kartoteka/verify"
)

// tiles reports damaged tiles. Those beyond the checkpoint, and superseded ones, are kept for beyond.
func (c *check) tiles(problems []tiles.Problem) {
	list, err := c.a.log.Beyond()
	if err != nil {
		c.r.Fail(verify.CodeLogTiles, logDir, err.Error())
		return
	}
	for _, p := range problems {
		if p.Code == tiles.TileSuperseded || (p.Code == tiles.TileUnexpected && (slices.Contains(list, p.Path) || c.gone(p.Path))) {
			c.left = append(c.left, p.Path)
			continue
		}
		c.r.Fail(verify.CodeLogTiles, p.Path, string(p.Code)+": "+p.Detail)
	}
	c.strays()
}

// gone says whether a file that was met is there no more: a writer's temporary file, renamed since.
func (c *check) gone(name string) bool {
	_, err := c.a.fs.Stat(name)
	return errors.Is(err, fs.ErrNotExist)
}

// strays names what does not belong into log/ beside the checkpoint and the tiles.
func (c *check) strays() {
	names, err := c.a.list(logDir)
	if err != nil {
		c.r.Fail(verify.CodeLogTiles, logDir, err.Error())
	}
	for _, n := range names {
		name := path.Join(logDir, n)
		if n != "tile" && name != checkpointName && !durable.IsTemp(n) {
			c.r.Fail(verify.CodeUnexpected, name, "does not belong to a log")
		}
	}
}

// maxBeyond bounds how many files beyond the checkpoint a report names.
const maxBeyond = 50

// beyond judges what lies beyond the checkpoint. While a writer lives it is staging. When none does it is what an
// interrupted accession left, or the checkpoint was put back to an earlier one: which of the two, only someone who saw
// the log longer can tell (a receipt, another copy), so the verdict is indeterminate.
func (c *check) beyond() error {
	for range lookAgain {
		left, err := c.leftovers()
		if err != nil || len(left) == 0 {
			return err
		}
		busy, err := durable.Locked(filepath.Join(c.a.dir, lockName))
		if busy {
			c.r.Pass(verify.CodeBeyond, "", fmt.Sprintf("a writer is at work: %d files are being staged", len(left)))
			return nil
		}
		moved, merr := c.moved()
		if merr != nil {
			return merr
		}
		if !moved {
			c.indeterminateBeyond(left, err)
			return nil
		}
		c.left = nil // of the reading before: the writer has published since
	}
	return nil
}

func (c *check) indeterminateBeyond(left []string, unseen error) {
	why := "lies beyond the checkpoint and nobody is writing: an interrupted accession left it, or the checkpoint was put back to an earlier one; compare with a receipt (--since)"
	if unseen != nil {
		why = "lies beyond the checkpoint, and whether somebody is writing cannot be seen: " + unseen.Error()
	}
	c.r.Count("beyond", len(left))
	for _, name := range left[:min(len(left), maxBeyond)] {
		c.r.Add(verify.CodeBeyond, verify.Indeterminate, name, why)
	}
}

// leftovers lists what lies beyond the present checkpoint.
func (c *check) leftovers() ([]string, error) {
	list, err := c.a.log.Beyond()
	if err != nil {
		return nil, err
	}
	for _, name := range c.left {
		if !c.gone(name) {
			list = append(list, name)
		}
	}
	if !c.o.LogOnly {
		for _, top := range []string{accessionsDir, keyfilesDir, keyfilesDir2} {
			younger, err := c.a.accessionsAfter(top, c.a.last.Accession)
			if err != nil {
				return nil, err
			}
			list = append(list, younger...)
		}
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}
