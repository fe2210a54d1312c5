package reading

import (
	"context"
	"crypto/sha512"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"

	"filippo.io/age"

	"kartoteka/archive"
	"kartoteka/archive/internal/inorder"
	"kartoteka/seal"
	"kartoteka/seal/unseal"
	"kartoteka/verify"
)

// CheckOptions of a deep check.
type CheckOptions struct {
	archive.CheckOptions
	AllDigests bool // SHA-512 too
}

// Check does what archive.Check does, then opens every document and compares it with what its event commits to.
func Check(ctx context.Context, dir string, identities []age.Identity, o CheckOptions) (*verify.Report, error) {
	r, err := archive.Check(ctx, dir, o.CheckOptions)
	if err != nil || r.Verdict == verify.Failed && r.Counts["events"] == 0 {
		return r, err // not even a log: nothing to open by
	}
	a, err := archive.Open(dir, archive.Options{})
	if err != nil {
		return r, nil // the keyless check has said why
	}
	defer a.Close()
	c := &check{o: o, r: r, room: NewRoom(a, identities...), policy: o.Policy}
	if c.policy == nil {
		c.policy = a.Policy()
	}
	work := inorder.New(c.judge)
	all := a.Head().Size
	err = a.Events(0, func(i seal.LeafIndex, e seal.Event) error {
		if o.Step != nil {
			o.Step(int64(i), all)
		}
		if e.Bundle != nil && (o.Sample == 0 || rand.Float64() < o.Sample) {
			work.Go(func() opened { return c.open(ctx, i, e) })
		}
		return ctx.Err()
	})
	work.Wait()
	if o.Step != nil {
		o.Step(all, all)
	}
	return r, err
}

// check opens several bundles side by side and judges them in the order of their events.
type check struct {
	o      CheckOptions
	r      *verify.Report
	room   *Room
	policy *verify.Policy
}

// opened is what came of opening a bundle.
type opened struct {
	leaf      seal.LeafIndex
	documents int
	bytes     int64
	err       error
}

// open opens a bundle and all its documents.
func (c *check) open(ctx context.Context, i seal.LeafIndex, e seal.Event) opened {
	o := opened{leaf: i}
	b, err := c.room.Bundle(i)
	if err == nil {
		err = b.signed(c.policy)
	}
	for n := 1; err == nil && n <= e.Bundle.Commitment.Count; n++ {
		if err = c.document(b, n); err == nil {
			o.documents++
			o.bytes += b.Capsule.Items[n].Size
			err = ctx.Err()
		}
	}
	o.err = err
	return o
}

// judge reports what came of a bundle.
func (c *check) judge(o opened) {
	subject := fmt.Sprintf("event %d", o.leaf)
	switch {
	case errors.Is(o.err, unseal.ErrForeign):
		c.r.Add(verify.CodeIdentity, verify.Indeterminate, subject, "no identity given opens it")
	case errors.Is(o.err, archive.ErrShredded): // by an order that the keyless check has judged
		c.r.Pass(verify.CodeDisposal, subject, "disposed of: "+o.err.Error())
		c.r.Count("bundles_disposed", 1)
		return
	case errors.Is(o.err, context.Canceled), errors.Is(o.err, context.DeadlineExceeded): // no verdict on the bundle
		return
	default:
		c.r.Result(verify.CodeRecord, subject, o.err)
	}
	if o.err == nil {
		c.r.Count("bundles_opened", 1)
	}
	c.r.Count("documents_opened", o.documents)
	c.r.Count("bytes_opened", int(o.bytes))
}

func (c *check) document(b *Bundle, n int) error {
	var dst io.Writer = io.Discard
	h := sha512.New()
	if c.o.AllDigests {
		dst = h
	}
	if err := b.Document(dst, n); err != nil {
		return err
	}
	if c.o.AllDigests && seal.Digest512(h.Sum(nil)) != b.Capsule.Items[n].SHA512 {
		return b.bad(verify.CodeRecord, "document %d: SHA-512 differs", n)
	}
	return nil
}
