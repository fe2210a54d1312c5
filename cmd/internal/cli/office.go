package cli

import (
	"context"

	"kartoteka/archive"
	"kartoteka/cmd/internal/appraisal"
	"kartoteka/cmd/internal/wire"
	"kartoteka/seal"
)

// office is where it is decided how long records stay: kartotekad where one runs, else the archive itself.
type office struct {
	daemon  *wire.Client     // nil where none runs
	archive *archive.Archive // nil where one does
}

func (e *Env) openOffice(f folders) (*office, error) {
	c, err := e.daemon()
	if err != nil || c != nil {
		return &office{daemon: c}, err
	}
	a, err := e.openWriter(f, "kartotekad has the archive but not the socket asked for; name it with --socket")
	if err != nil {
		return nil, indexHint(err)
	}
	return &office{archive: a}, nil
}

func (o *office) Close() error {
	if o.daemon != nil {
		return o.daemon.Close()
	}
	return o.archive.Close()
}

// Once a request is on its way to the daemon it may be committed whatever this side does: it is waited for.

func (o *office) fact(ctx context.Context, f wire.Fact) ([]seal.LeafIndex, error) {
	if o.daemon != nil {
		return o.daemon.Fact(context.WithoutCancel(ctx), f)
	}
	return o.acts(wire.Request{Op: wire.OpFact, Fact: &f}, func(p *appraisal.Appraiser) ([]seal.Act, error) {
		return p.Fact(f.Whose, f.Facts, f.Basis, f.Officer)
	})
}

func (o *office) hold(ctx context.Context, h wire.Hold) ([]seal.LeafIndex, error) {
	if o.daemon != nil {
		return o.daemon.Hold(context.WithoutCancel(ctx), h)
	}
	return o.acts(wire.Request{Op: wire.OpHold, Hold: &h}, func(p *appraisal.Appraiser) ([]seal.Act, error) { return p.Hold(h.Whose, h.Hold) })
}

func (o *office) step(ctx context.Context, s wire.Step) ([]seal.LeafIndex, error) {
	if o.daemon != nil {
		return o.daemon.Step(context.WithoutCancel(ctx), s)
	}
	return o.acts(wire.Request{Op: wire.OpStep, Step: &s}, func(p *appraisal.Appraiser) ([]seal.Act, error) {
		act, err := p.Step(s.Step, s.Bundles)
		return []seal.Act{act}, err
	})
}

// acts holds a request to the same bounds as the daemon does.
func (o *office) acts(r wire.Request, make func(*appraisal.Appraiser) ([]seal.Act, error)) ([]seal.LeafIndex, error) {
	r.Version = wire.Version
	if err := r.Check(); err != nil {
		return nil, err
	}
	p, err := appraisal.New(o.archive)
	if err != nil {
		return nil, err
	}
	acts, err := make(p)
	if err != nil {
		return nil, err
	}
	return appraisal.Commit(o.archive, acts)
}

// bundlesOf counts the bundles that a patient has here.
func (o *office) bundlesOf(ctx context.Context, q archive.Query) (int, error) {
	if o.daemon != nil {
		found, err := o.daemon.Find(ctx, q)
		return len(found), err
	}
	found, err := o.archive.Find(q)
	return len(found), err
}

// origin names the log: officers sign for no other.
// log is the log's name, size and root: what officers sign is for it alone.
func (o *office) log(ctx context.Context) (origin string, log seal.OrderLog, err error) {
	if o.daemon == nil {
		head := o.archive.Head()
		return head.Origin, seal.OrderLog{Size: head.Size, Root: head.Root}, nil
	}
	s, err := o.daemon.Status(ctx)
	if err == nil {
		log.Root, err = seal.ParseDigest(s.Root)
	}
	log.Size = s.Size
	return s.Origin, log, err
}

func (o *office) holds(ctx context.Context) ([]appraisal.HoldInForce, error) {
	if o.daemon != nil {
		return o.daemon.Holds(ctx)
	}
	p, err := appraisal.New(o.archive)
	if err != nil {
		return nil, err
	}
	list, err := p.Holds()
	return append([]appraisal.HoldInForce{}, list...), err
}

func (o *office) endHold(ctx context.Context, h wire.HoldRelease) (leaf seal.LeafIndex, err error) {
	if o.daemon != nil {
		return o.daemon.HoldRelease(context.WithoutCancel(ctx), h)
	}
	p, err := appraisal.New(o.archive)
	if err == nil {
		err = p.InForce(h.Hold)
	}
	if err != nil {
		return 0, err
	}
	d := desk{archive: o.archive}
	return d.commit(func(a *archive.Accession) (seal.LeafIndex, error) { return a.EndHold(h.Hold, h.Log, h.Officers) })
}
