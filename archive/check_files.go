package archive

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path"
	"strings"

	"kartoteka/archive/internal/durable"
	"kartoteka/archive/internal/inorder"
	"kartoteka/seal"
	"kartoteka/verify"
)

// everyAccession checks what the events name, then looks for what none names.
func (c *check) everyAccession() error {
	c.policies()
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
	return c.unexpected()
}

// policies checks the policies and recipients that events name.
func (c *check) policies() {
	names := map[string]seal.Digest{}
	for _, in := range c.intakes {
		names[policyName(in.Files.Policy)] = in.Files.Policy
		names[recipientsName(in.Files.To)] = in.Files.To
	}
	if _, e, err := c.a.Event(0); err == nil && e.Trust != nil {
		for _, f := range e.Trust.Files {
			names[f.Name] = f.SHA256
		}
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
		work.Go(func() func() { return c.segment(in.ID, s, whole) })
	}
	for _, k := range in.Files.Keyfiles {
		work.Go(func() func() { return c.keyfile(in.ID, k, in.Files.Segments) })
	}
}

// segment reads a segment whole, or, where only a sample is read, sees that it is there at its length.
func (c *check) segment(id seal.AccessionID, want seal.Segment, whole bool) (report func()) {
	name := path.Join(accessionsDir, id.String(), seal.SegmentName(want.N))
	err := c.readSegment(name, want, whole)
	return func() {
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

// keyfile checks both copies: the first generation byte for byte, later ones by their header root.
func (c *check) keyfile(id seal.AccessionID, want seal.KeyfileSum, segments []seal.Segment) (report func()) {
	var first []byte
	var reports []func()
	for _, top := range []string{keyfilesDir, keyfilesDir2} {
		name := path.Join(top, id.String(), want.Class.FileName())
		data, err := durable.ReadFile(c.a.fs, name, maxKeyfile)
		same := first != nil && bytes.Equal(first, data)
		if err == nil && !same { // a copy of what is good is good
			_, err = checkKeyfile(data, id, want, segments)
		}
		switch {
		case err != nil:
			reports = append(reports, func() { c.r.Fail(verify.CodeKeyfile, name, reasonOf(err)) })
			continue
		case first != nil && !same:
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

// checkKeyfile reads a keyfile and says whether it is the one its accession's event names.
func checkKeyfile(data []byte, id seal.AccessionID, want seal.KeyfileSum, segments []seal.Segment) (*seal.Keyfile, error) {
	k, err := seal.ParseKeyfile(data)
	if err != nil {
		return nil, err
	}
	sum, err := k.Sum(data)
	switch {
	case err != nil:
		return nil, err
	case k.Head.Accession != id || k.Head.Class != want.Class:
		return nil, errors.New("is the keyfile of another accession or class")
	case sum.Records != want.Records || sum.Root != want.Root:
		return nil, errors.New("its headers are not those the event names")
	case k.Head.Generation != 1: // a rewrapped keyfile will come with an event that names its digest
		return nil, fmt.Errorf("is of generation %d, and no event names one above 1", k.Head.Generation)
	case sum.SHA256 != want.SHA256:
		return nil, errors.New("is not the file the event names")
	}
	for _, r := range k.Records {
		if r.Shredded() {
			return nil, fmt.Errorf("record %d is gone and no executed order names it", r.N)
		}
		if r.Segment > len(segments) || r.Offset+r.Length > segments[r.Segment-1].Length {
			return nil, fmt.Errorf("record %d lies outside its segment", r.N)
		}
	}
	return k, nil
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
			want[path.Join(accessionsDir, in.ID.String(), seal.SegmentName(s.N))] = true
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
