package archive

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path"
	"path/filepath"
	"strings"
	"time"

	"kartoteka/archive/internal/durable"
	"kartoteka/archive/internal/inorder"
	"kartoteka/seal"
	"kartoteka/verify"
)

// everyAccession checks what the events name, then looks for what none names.
func (c *check) everyAccession() error {
	c.policies()
	c.recipients()
	c.evidence()
	if err := c.disposals(); err != nil {
		return err
	}
	work := inorder.New(func(report func()) { report() })
	for i, in := range c.intakes {
		if err := c.ctx.Err(); err != nil {
			work.Wait()
			return err
		}
		c.step(int64(i), int64(len(c.intakes)))
		c.accession(work, in)
	}
	work.Wait()
	c.step(int64(len(c.intakes)), int64(len(c.intakes)))
	return errors.Join(c.unexpected(), c.unnamedOrders())
}

// policies checks the files that events name by their digest.
func (c *check) policies() {
	names := c.told.files()
	for _, in := range c.intakes {
		names[policyName(in.Files.Policy)] = in.Files.Policy
		names[recipientsName(in.Files.To)] = in.Files.To
	}
	for name, sum := range names {
		_, err := c.a.readNamed(name, sum)
		var bad *Tampered
		if errors.As(err, &bad) {
			c.r.Fail(bad.Code, bad.Subject, bad.Reason)
			continue
		}
		c.r.Result(verify.CodePolicy, name, err)
	}
}

// accession checks one accession's files against its event. Each piece of work reads one and gives what reports it.
func (c *check) accession(work *inorder.Queue[func()], in verify.Intake) {
	c.r.Count("accessions", 1)
	c.r.Count("bundles", in.Bundles)
	whole := c.o.Sample == 0 || rand.Float64() < c.o.Sample
	for _, s := range in.Files.Segments {
		if !c.isRetired(segmentName(in.ID, s.N)) {
			work.Go(func() func() { return c.segment(in.ID, s, whole) })
		}
	}
	for _, k := range in.Files.Keyfiles {
		work.Go(func() func() { return c.keyfile(in.ID, k, in.Files.Segments) })
	}
}

// segment reads a segment whole, or, where only a sample is read, sees that it is there at its length.
func (c *check) segment(id seal.AccessionID, want seal.Segment, whole bool) (report func()) {
	name := segmentName(id, want.N)
	err := c.readSegment(name, want, whole)
	return func() {
		if err != nil && c.retiredMeanwhile(id, want.N) { // overwritten, or gone
			c.r.Add(verify.CodeSegment, verify.Indeterminate, name, "was deleted meanwhile, under an order: check again")
			return
		}
		if err != nil {
			c.r.Fail(verify.CodeSegment, name, reasonOf(err))
			return
		}
		if !whole {
			c.r.Count("segments_not_read", 1)
			return
		}
		c.r.Pass(verify.CodeSegment, name, "")
		c.r.Count("segments", 1)
		c.r.Count("bytes", int(want.Length))
	}
}

// retiredMeanwhile says whether an event that came after those that are checked retired a segment.
func (c *check) retiredMeanwhile(id seal.AccessionID, n int) (retired bool) {
	now, err := Open(c.a.dir, Options{})
	if err != nil {
		return false
	}
	defer now.Close()
	err = now.Events(seal.LeafIndex(c.a.head.Size), func(_ seal.LeafIndex, e seal.Event) error {
		retired = retired || e.Retired != nil && e.Retired.Accession == id && e.Retired.Segment == n
		return nil
	})
	return err == nil && retired
}

func (c *check) readSegment(name string, want seal.Segment, whole bool) error {
	f, err := c.a.fs.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if whole {
		return seal.CheckSegment(f, want)
	}
	info, err := f.Stat()
	if err == nil && info.Size() != want.Length {
		err = fmt.Errorf("segment has %d bytes, its event says %d", info.Size(), want.Length)
	}
	return err
}

// keyfile checks both copies: every byte follows from the events.
func (c *check) keyfile(id seal.AccessionID, want seal.KeyfileSum, segments []seal.Segment) (report func()) {
	var first []byte
	var reports []func()
	for _, top := range []string{keyfilesDir, keyfilesDir2} {
		name := path.Join(top, id.String(), want.Class.FileName())
		data, err := c.readCopy(name, first, func(data []byte) error { return c.judgeKeyfile(data, id, want, segments) })
		switch {
		case err != nil:
			reports = append(reports, func() { c.failed(verify.CodeKeyfile, name, err) })
			continue
		case first != nil && !bytes.Equal(first, data):
			reports = append(reports, func() { c.r.Fail(verify.CodeKeyfileCopy, name, "differs from the first copy") })
			continue
		}
		first = data
		reports = append(reports, func() { c.r.Pass(verify.CodeKeyfile, name, "") })
	}
	return func() {
		for _, report := range reports {
			report()
		}
		c.r.Count("records", want.Records)
	}
}

// readCopy reads a keyfile's copy and judges it, unless it is the first one again: a copy of what is good is good. While a
// writer rewrites it, it has no name for a moment, or is overwritten as it is read: what then does not hold is looked at
// again.
func (c *check) readCopy(name string, first []byte, judge func([]byte) error) (data []byte, err error) {
	settled := false // nobody writes, and it was looked at once more since
	for range lookAgain {
		data, err = durable.ReadFile(c.a.fs, name, maxKeyfile)
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // the disk's fault, not a writer's
			break
		}
		if err == nil && (first == nil || !bytes.Equal(first, data)) {
			err = judge(data)
		}
		var judged *verify.Error
		if err == nil || settled || errors.As(err, &judged) && judged.Indeterminate {
			break
		}
		busy, lerr := durable.Locked(filepath.Join(c.a.dir, lockName))
		if settled = lerr != nil || !busy; busy {
			time.Sleep(10 * time.Millisecond)
		}
	}
	return data, err
}

// failed reports what is wrong with a file, under the judgement's own code where it has one.
func (c *check) failed(code verify.Code, name string, err error) {
	var judged *verify.Error
	if errors.As(err, &judged) {
		c.r.Result(code, name, err)
		return
	}
	c.r.Fail(code, name, reasonOf(err))
}

func reasonOf(err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return "is missing"
	}
	return err.Error()
}

// unexpected names files and folders under accessions/ and keyfiles/ that no event names, up to the last accession
// checked; what is younger is beyond's to judge.
func (c *check) unexpected() error {
	want := map[string]bool{}
	for _, in := range c.intakes {
		for _, s := range in.Files.Segments {
			want[segmentName(in.ID, s.N)] = true
		}
		for _, k := range in.Files.Keyfiles {
			for _, top := range []string{keyfilesDir, keyfilesDir2} {
				want[path.Join(top, in.ID.String(), k.Class.FileName())] = true
			}
		}
	}
	for _, top := range []string{accessionsDir, keyfilesDir, keyfilesDir2} {
		if err := c.walk(top, top, 0, want); err != nil {
			return err
		}
	}
	return nil
}

// walk goes down year, month and accession to the files.
func (c *check) walk(top, dir string, depth int, want map[string]bool) error {
	entries, err := c.a.fs.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		switch {
		case depth == 2 && e.IsDir() && c.younger(strings.TrimPrefix(name, top+"/")):
		case e.IsDir() && depth < 3:
			if err := c.walk(top, name, depth+1, want); err != nil {
				return err
			}
		case c.isRetired(name):
			c.failed(verify.CodeDisposal, name, c.unfinished("is still there, and was retired"))
		case want[strings.TrimSuffix(strings.TrimSuffix(name, newSuffix), oldSuffix)] && !want[name]:
			c.failed(verify.CodeDisposal, name, c.unfinished("lies beside a keyfile that is being rewritten"))
		case !want[name]:
			c.r.Fail(verify.CodeUnexpected, name, "no event names it")
		}
	}
	return nil
}

// younger says whether an accession came after the last one that was checked.
func (c *check) younger(accession string) bool {
	id, err := seal.ParseAccessionID(accession)
	return err == nil && len(c.intakes) > 0 && id.Compare(c.intakes[len(c.intakes)-1].ID) > 0
}
