package archive

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"kartoteka/seal"
	"kartoteka/verify"
	"kartoteka/verify/container"
)

// Folders of the spool.
const (
	incomingName = "incoming" // senders rename finished bundles into it
	rejectedName = "rejected" // refused bundles, each beside a reason file
	receiptsName = "receipts" // until they are fetched
)

// settle is how long a bundle that is cut short may still be being written, for senders that do not rename.
const settle = time.Minute

// maxBundles bounds one accession, and with it memory: what waits for the end of the last segment is some kilobytes a
// bundle.
const maxBundles = 1000

// Source is a bundle to be taken in.
type Source struct {
	Path    string
	Spooled bool // in the spool: it leaves it once its receipt is durable, or its rejection logged
}

// Outcome of one source.
type Outcome struct {
	Path    string         `json:"path"`
	Status  Status         `json:"status"`
	Leaf    seal.LeafIndex `json:"leaf"` // of its event; -1 when it has none
	Receipt string         `json:"receipt,omitempty"`
	Code    verify.Code    `json:"code,omitempty"`
	Reason  string         `json:"reason,omitempty"`
	ID      string         `json:"id,omitempty"` // of the rejected event and the reason file
	Bytes   int64          `json:"bytes,omitempty"`
	Stuck   string         `json:"stuck,omitempty"` // why a bundle that was dealt with could not leave the spool
}

// Status of a source.
type Status string

const (
	Taken     Status = "taken"
	Known     Status = "known" // the same bundle again: the same receipt, nothing stored
	Rejected  Status = "rejected"
	Postponed Status = "postponed" // still being written: tried again later
)

// Spooled lists what stands in the spool, by name. Names that begin with a dot, or end in .part or .tmp, are senders'
// own business.
func (a *Archive) Spooled() ([]Source, error) {
	dir := filepath.Join(a.opt.Spool, incomingName)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read the spool: %w", err)
	}
	var list []Source
	for _, e := range entries {
		n := e.Name()
		if strings.HasPrefix(n, ".") || strings.HasSuffix(n, ".part") || strings.HasSuffix(n, ".tmp") {
			continue
		}
		list = append(list, Source{Path: filepath.Join(dir, n), Spooled: true})
	}
	return list, nil
}

// Take takes bundles in, in accessions of at most 1,000, and calls each with every outcome once it is final. It ends
// after the accession at hand when ctx is done.
func (a *Archive) Take(ctx context.Context, sources []Source, each func(Outcome)) error {
	if a.writer == nil {
		return ErrReadOnly
	}
	for len(sources) > 0 && ctx.Err() == nil {
		in := &intake{a: a, ctx: ctx, refused: map[string]*verify.Error{}}
		n, err := in.run(sources[:min(len(sources), maxBundles)])
		if err != nil {
			return err
		}
		for _, o := range in.outcomes {
			each(o)
		}
		sources = sources[n:]
	}
	return ctx.Err()
}

// intake is one accession's worth of bundles on their way.
type intake struct {
	a        *Archive
	ctx      context.Context
	refused  map[string]*verify.Error // found bad only while staged: the accession began again without them
	outcomes []Outcome
	entries  map[string]seal.Entry  // by path, for the receipts
	seen     map[string]fs.FileInfo // by path: the file or folder that was judged
}

// codeNoRoom postpones a bundle that does not fit while others do: a large one, or one that only claims to be.
const codeNoRoom verify.Code = "no_room"

var errAgain = errors.New("begin the accession again")

// run takes what it can of the batch and says how many sources it dealt with.
func (in *intake) run(batch []Source) (n int, err error) {
	for {
		if n, err = in.stage(batch); !errors.Is(err, errAgain) {
			break
		}
	}
	if err != nil {
		return 0, err
	}
	return n, in.publish(batch[:n])
}

func (in *intake) stage(batch []Source) (n int, err error) {
	in.outcomes, in.entries, in.seen = nil, map[string]seal.Entry{}, map[string]fs.FileInfo{}
	acc, err := in.a.Begin()
	if err != nil {
		return 0, err
	}
	defer func() {
		if aerr := acc.Abort(); err == nil {
			err = aerr
		}
	}()
	next, stop := in.judge(acc, batch)
	defer stop()
	for _, s := range batch {
		if in.ctx.Err() != nil {
			break
		}
		o, err := in.one(acc, s, next())
		if errors.Is(err, ErrSpace) && n > 0 {
			break
		}
		if err != nil {
			return 0, err
		}
		in.outcomes = append(in.outcomes, o)
		n++
	}
	if len(acc.events) == 0 {
		return n, nil
	}
	err = acc.Commit()
	var after *AfterCommit
	if errors.As(err, &after) {
		err = nil
	}
	return n, err
}

// one stages a source that was judged, or its rejection.
func (in *intake) one(acc *Accession, s Source, j judged) (Outcome, error) {
	o := Outcome{Path: s.Path, Leaf: -1}
	x, err := j.bundle, j.err
	in.seen[s.Path] = j.file
	if x != nil {
		defer x.close()
	}
	if bad := in.refused[s.Path]; bad != nil {
		return in.refuse(acc, s, o, j.young, bad)
	}
	if err == nil {
		err = in.a.room(s.Path) // once more: those before it took their part
	}
	if err != nil {
		return in.refuse(acc, s, o, j.young, err)
	}
	if err := in.a.checkClock(); err != nil { // Commit would refuse it after all the work
		return o, err
	}
	for _, d := range x.b.Documents() {
		o.Bytes += d.Size
	}
	o.Leaf, err = acc.admit(x)
	var dup *Duplicate
	var bad *verify.Error
	switch {
	case err == nil:
		o.Status = Taken
		in.entries[s.Path] = acc.added[idOf(x.b)]
	case errors.As(err, &dup):
		o.Status, o.Leaf = Known, dup.Entry.Leaf
		in.entries[s.Path] = dup.Entry
	case errors.As(err, &bad) && bad.Code == verify.CodeDuplicate: // found before anything was staged
		return in.reject(acc, o, bad), nil
	case errors.As(err, &bad):
		in.refused[s.Path] = bad
		return o, errAgain
	default:
		return o, fmt.Errorf("take in %s: %w", s.Path, err)
	}
	return o, nil
}

// ahead is how many bundles are judged while one is staged, and keep how much of each stays in memory for that: most
// bundles, whole. Together they bound memory.
const (
	ahead = 2
	keep  = 8 << 20
)

// judged is a source with the verdict on it.
type judged struct {
	bundle *sealing // its owner closes it; nil if it cannot be taken in
	err    error
	file   fs.FileInfo // as it was before it was opened; nil if it was not there
	young  bool        // it looked as if it was still being written
}

// judge judges the sources ahead of their turn and begins to seal them. next gives them in order and is called once for
// each at most; stop closes what was judged for nothing.
func (in *intake) judge(acc *Accession, batch []Source) (next func() judged, stop func()) {
	order, quit := make(chan chan judged, ahead), make(chan struct{})
	go func() {
		defer close(order)
		for _, s := range batch {
			done := make(chan judged, 1)
			select {
			case order <- done:
			case <-quit:
				return
			}
			go func() {
				var j judged
				j.file, _ = os.Lstat(s.Path)
				b, err := in.open(acc, s)
				if j.err = err; err == nil {
					j.bundle = acc.seal(b)
				} else {
					j.young = in.young(s, err) // when its turn comes, it may be whole and at rest
				}
				done <- j
			}()
		}
	}()
	next = func() judged { return <-<-order }
	stop = func() {
		close(quit)
		for done := range order {
			if j := <-done; j.bundle != nil {
				j.bundle.close()
			}
		}
	}
	return next, stop
}

// open judges a source at the accession's own time: the time at which everybody else will judge it for ever.
func (in *intake) open(acc *Accession, s Source) (*verify.Accepted, error) {
	if i, err := os.Lstat(s.Path); err == nil && s.Spooled && i.Mode()&fs.ModeSymlink != 0 {
		return nil, &verify.Error{Code: verify.Code(container.CodeLink), Reason: "is a symbolic link; a link in the spool is never followed"}
	}
	if err := in.a.room(s.Path); err != nil {
		return nil, err
	}
	return acc.trust.policy.OpenBundle(s.Path, acc.now.Time, keep)
}

// refuse sorts out what cannot be judged yet from what is bad. young is what was seen when it was judged.
func (in *intake) refuse(acc *Accession, s Source, o Outcome, young bool, err error) (Outcome, error) {
	var bad *verify.Error
	if !errors.As(err, &bad) {
		return o, err
	}
	if bad.Code == codeNoRoom {
		o.Status, o.Code, o.Reason = Postponed, bad.Code, bad.Reason
		return o, nil
	}
	if young || in.young(s, err) {
		o.Status, o.Code, o.Reason = Postponed, bad.Code, bad.Reason
		return o, nil
	}
	if string(bad.Code) == container.CodeUnreadable || gone(s.Path) { // our disk's fault, or the sender took it back
		o.Status, o.Code, o.Reason = Postponed, bad.Code, bad.Reason
		return o, nil
	}
	return in.reject(acc, o, bad), nil
}

// young says whether what is wrong with a source may be that its sender still writes to it.
func (in *intake) young(s Source, err error) bool {
	var bad *verify.Error
	return s.Spooled && errors.As(err, &bad) && unfinished(bad.Code) && recent(s.Path, in.a.opt.Now())
}

func gone(path string) bool {
	_, err := os.Lstat(path)
	return errors.Is(err, fs.ErrNotExist)
}

func (in *intake) reject(acc *Accession, o Outcome, bad *verify.Error) Outcome {
	o.Status, o.Code, o.Reason = Rejected, bad.Code, bad.Reason
	o.ID = acc.Reject(bad.Code)
	return o
}

func unfinished(c verify.Code) bool {
	switch string(c) {
	case container.CodeTruncated, container.CodeChanged, container.CodeEmpty, container.CodeNotZip, string(verify.CodeChanged):
		return true
	}
	return false
}

// recent says whether the file, or anything in the folder, was written within the last minute.
func recent(path string, now time.Time) bool {
	young := false
	filepath.WalkDir(path, func(_ string, d fs.DirEntry, err error) error {
		if err == nil {
			if i, err := d.Info(); err == nil && now.Sub(i.ModTime()).Abs() < settle {
				young = true
				return filepath.SkipAll
			}
		}
		return nil
	})
	return young
}

func idOf(b *verify.Accepted) seal.Digest {
	return sha256.Sum256([]byte(b.Statement().Predicate.Bundle.ID))
}
