package reading

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"kartoteka/archive"
	"kartoteka/archive/internal/durable"
	"kartoteka/archive/internal/inorder"
	"kartoteka/seal"
	"kartoteka/verify"
	"kartoteka/verify/container"
)

// Selected is one bundle to be released, and which of its documents.
type Selected struct {
	Leaf      seal.LeafIndex
	Documents []int // numbers from 1; all when empty
}

// Export hands one person's records over as one packet.
type Export struct {
	Select  []Selected
	LeftOut int          // documents of the person that were not selected
	Release seal.Release // what the officer wrote; Export adds what it hands over
	Now     func() time.Time

	// Commit commits the release event and returns its leaf; Void says that the packet was not handed over after all.
	// They go to the daemon where one runs.
	Commit func(r seal.Release, custodian string) (seal.LeafIndex, error)
	Void   func(release seal.LeafIndex, code string) error
	Step   func(done, all int64) // progress in documents, over both passes
}

// ErrVoided says that the packet failed after its release was committed; a release_void event says so too.
var ErrVoided = errors.New("the release was voided")

// Packet makes the packet in out, which the caller gives its final name when Packet returns nil.
//
// Everything that can fail is tried first: every document is opened once and compared. Then the release is committed;
// then the packet is written, and verified as its receiver will. A failure after the event commits release_void.
func (r *Room) Packet(ctx context.Context, out *os.File, x Export) (Handed, error) {
	p := &packet{ctx: ctx, room: r, x: x, out: out, kept: map[keptDocument][]byte{}, keep: keep}
	if err := p.preflight(); err != nil {
		return Handed{}, err
	}
	leaf, err := x.Commit(p.x.Release, p.custodian)
	if err != nil {
		return Handed{}, fmt.Errorf("commit the release: %w", err)
	}
	if err := p.hand(leaf); err != nil {
		return Handed{}, errors.Join(fmt.Errorf("%w: %w", ErrVoided, err), x.Void(leaf, "packet_failed"))
	}
	return Handed{Release: leaf, Bundles: len(p.bundles), Documents: p.x.Release.Documents, LeftOut: x.LeftOut}, nil
}

// Handed is what a packet holds.
type Handed struct {
	Release   seal.LeafIndex // the release event
	Bundles   int
	Documents int
	LeftOut   int
}

type packet struct {
	ctx       context.Context // ends the preflight only: a committed release is finished or voided
	room      *Room
	x         Export
	out       *os.File
	bundles   []*Bundle
	custodian string
	release   seal.LeafIndex
	head      seal.Packet
	zip       *container.Writer
	manifest  strings.Builder
	done, all int64

	kept map[keptDocument][]byte // opened in the preflight, and small enough to stay in memory
	keep int64                   // bytes that may still join them
}

type keptDocument struct {
	bundle *Bundle
	n      int
}

// keep is how many bytes of documents may wait in memory while their release is committed: most patients' all.
const keep = 16 << 20

func (p *packet) preflight() error {
	var size, head int64
	for i := range p.x.Select {
		s := &p.x.Select[i]
		b, err := p.room.Bundle(s.Leaf)
		if err != nil {
			return err
		}
		if len(s.Documents) == 0 {
			for n := 1; n < len(b.Capsule.Items); n++ {
				s.Documents = append(s.Documents, n)
			}
		}
		slices.Sort(s.Documents)
		s.Documents = slices.Compact(s.Documents)
		for _, n := range s.Documents {
			if n < 1 || n >= len(b.Capsule.Items) {
				return fmt.Errorf("the bundle of event %d has no document %d", s.Leaf, n)
			}
			size += b.Capsule.Items[n].Size
			head += headBytes(b, n)
		}
		if err := p.fit(b, len(s.Documents) == len(b.Capsule.Items)-1); err != nil {
			return err
		}
		size += int64(len(b.Envelope)) + int64(len(b.Openings))<<10 + 4<<10 // its proofs
		p.bundles = append(p.bundles, b)
		p.x.Release.Bundles = append(p.x.Release.Bundles, b.Event.Bundle.ID)
		p.x.Release.Documents += len(s.Documents)
	}
	if len(p.bundles) == 0 {
		return errors.New("nothing was selected")
	}
	if head > seal.MaxPacketHead {
		return errors.New("too many documents for one packet; release them in parts (--from, --to, --class)")
	}
	p.all = 2 * int64(p.x.Release.Documents)
	p.custodian = p.bundles[0].Custodian()
	p.x.Release.LeftOut, p.x.Release.Released, p.x.Release.Seed = p.x.LeftOut, seal.At(p.x.Now()), seal.NewSeed()
	if err := p.x.Release.Check(); err != nil {
		return err
	}
	if err := room(filepath.Dir(p.out.Name()), size); err != nil {
		return err
	}
	return p.openAll()
}

// openAll opens every document side by side and keeps the small ones.
func (p *packet) openAll() (err error) {
	work := inorder.New(func(report func() error) { err = errors.Join(err, report()) })
	for i, b := range p.bundles {
		for _, n := range p.x.Select[i].Documents {
			if err != nil {
				break
			}
			size := b.Capsule.Items[n].Size
			keep := size <= p.keep
			if keep {
				p.keep -= size
			}
			work.Go(func() func() error { return p.open(b, n, keep) })
		}
	}
	work.Wait()
	return errors.Join(err, p.ctx.Err())
}

func (p *packet) open(b *Bundle, n int, keep bool) (report func() error) {
	var content bytes.Buffer
	var dst io.Writer = stoppable{p.ctx}
	if keep {
		content.Grow(int(b.Capsule.Items[n].Size))
		dst = io.MultiWriter(&content, dst)
	}
	err := b.Document(dst, n)
	return func() error {
		if keep {
			p.kept[keptDocument{b, n}] = content.Bytes()
		}
		if p.done++; p.x.Step != nil {
			p.x.Step(p.done, p.all)
		}
		return err
	}
}

// document gives a document once more.
func (p *packet) document(w io.Writer, b *Bundle, n int) error {
	if content, ok := p.kept[keptDocument{b, n}]; ok {
		_, err := w.Write(content)
		return err
	}
	return b.Document(w, n)
}

// fit says whether the receiver's judgement of a bundle could fail for something that can be known now.
func (p *packet) fit(b *Bundle, whole bool) error {
	if now := p.x.Now(); now.Before(b.Event.Time.Time) {
		return fmt.Errorf("%w: it says %s, event %d is dated %s", archive.ErrClock, seal.At(now), b.Leaf, b.Event.Time)
	}
	if !whole { // its envelope stays
		return nil
	}
	if err := b.signed(p.room.archive.Policy()); err != nil {
		return fmt.Errorf("event %d: %w", b.Leaf, err)
	}
	return nil
}

// stoppable swallows bytes until ctx is done.
type stoppable struct{ ctx context.Context }

func (s stoppable) Write(b []byte) (int, error) { return len(b), s.ctx.Err() }

// headBytes is at least what a document takes in the packet's head: JSON makes at most six bytes of one.
func headBytes(b *Bundle, n int) int64 {
	name := b.Statement.Subject[n-1].Name
	d := b.Statement.Document(name)
	return 256 + 6*int64(len(name)+len(d.Title)+len(d.MediaType)+len(d.Class)+len(d.Authored)+len(d.Language))
}

// room says whether the packet will fit.
func room(dir string, bytes int64) error {
	free, _, err := durable.FreeSpace(dir)
	if need := uint64(bytes) + uint64(bytes)/8 + 1<<20; err == nil && free < need {
		return fmt.Errorf("the packet needs up to %d MiB in %s, %d are free", need>>20, dir, free>>20)
	}
	return nil
}

// hand writes the packet and verifies it.
func (p *packet) hand(release seal.LeafIndex) error {
	if err := p.room.archive.Refresh(); err != nil { // the release is under a later checkpoint
		return err
	}
	p.release = release
	p.zip = container.NewWriter(p.out)
	p.head = seal.Packet{Origin: p.room.archive.Spec.Origin, Made: p.room.archive.Last(), Release: release, LeftOut: p.x.LeftOut}
	for i := range p.bundles {
		if err := p.bundle(i); err != nil {
			return err
		}
	}
	if err := p.cover(); err != nil {
		return err
	}
	if err := errors.Join(p.zip.Close(), p.out.Sync()); err != nil {
		return err
	}
	report := p.room.archive.Policy().Packet(p.out.Name(), p.x.Now())
	for _, c := range report.Checks {
		// Evidence that was not renewed in time must not keep a patient from the records: whoever checks is told.
		if c.Verdict == verify.Failed || c.Verdict == verify.Indeterminate && c.Code != verify.CodeEvidence {
			return fmt.Errorf("the packet does not verify: %s %s: %s", c.Code, c.Subject, c.Detail)
		}
	}
	return nil
}
