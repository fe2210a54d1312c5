package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"kartoteka/archive/internal/durable"
	"kartoteka/seal"
	"kartoteka/verify"
)

// cosignaturesDir holds a checkpoint's note once more, with the lines of witnesses under it: SIZE for each that was
// cosigned. log/checkpoint itself never changes but by a commit: it is the commit point, and receipts are made of it.
const cosignaturesDir = "cosignatures"

const cosignaturesLock = cosignaturesDir + "/lock"

func cosignedName(size int64) string {
	return path.Join(cosignaturesDir, strconv.FormatInt(size, 10))
}

// ConsistencyProof shows that the log at one size begins with the log at another.
func (a *Archive) ConsistencyProof(from, to int64) (tlog.TreeProof, error) {
	if head := a.Head().Size; to > head {
		return nil, fmt.Errorf("consistency proof: the log has %d events, not %d", head, to)
	}
	return a.log.Consistency(from, to)
}

// Cosigned gives the checkpoint of a size with its cosignatures; nil where nobody cosigned it. Nothing of it was judged.
func (a *Archive) Cosigned(size int64) ([]byte, error) {
	data, err := durable.ReadFile(a.fs, cosignedName(size), seal.MaxCheckpoint)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

// LastCosigned gives the newest checkpoint that somebody cosigned; nil where there is none.
func (a *Archive) LastCosigned() ([]byte, error) {
	names, err := a.list(cosignaturesDir)
	if err != nil {
		return nil, err
	}
	last := int64(-1)
	for _, n := range names {
		if size, err := strconv.ParseInt(n, 10, 64); err == nil && cosignedName(size) == path.Join(cosignaturesDir, n) {
			last = max(last, size)
		}
	}
	if last < 0 {
		return nil, nil
	}
	return a.Cosigned(last)
}

// KeepCosignatures adds cosignatures to those that are kept of a checkpoint of this log, signed by it. It needs no
// writer's lock: a daemon may commit meanwhile, and nothing else reads these files. A crash leaves the file as it was, or
// with all the lines, and at worst a temporary file.
func (a *Archive) KeepCosignatures(signed []byte, lines ...seal.Cosignature) error {
	if err := a.isOurs(signed); err != nil {
		return fmt.Errorf("keep cosignatures: %w", err)
	}
	if err := durable.MkdirAll(a.fs, cosignaturesDir, dirPerm); err != nil {
		return err
	}
	lock, err := durable.TryLock(filepath.Join(a.dir, filepath.FromSlash(cosignaturesLock)))
	if errors.Is(err, durable.ErrLocked) {
		return fmt.Errorf("keep cosignatures: %w", ErrBusy)
	}
	if err != nil {
		return err
	}
	defer lock.Unlock()
	c, err := seal.PeekCheckpoint(signed)
	if err != nil {
		return err
	}
	there, err := a.Cosigned(c.Size)
	if err != nil {
		return err
	}
	if there == nil {
		there = signed
	}
	if !seal.SameCheckpoint(there, signed) {
		return &Tampered{Code: verify.CodeCheckpoint, Subject: cosignedName(c.Size), Reason: "is another checkpoint than the log's of this size"}
	}
	data, err := seal.WithCosignatures(there, lines...)
	if err != nil {
		return err
	}
	return durable.ReplaceFile(a.fs, cosignedName(c.Size), data, filePerm)
}

// isOurs says whether a checkpoint is one of this log up to its head.
func (a *Archive) isOurs(signed []byte) error {
	c, err := a.Policy().Earlier(signed, a.opt.Now())
	if err != nil {
		return err
	}
	if head := a.Head(); c.Size > head.Size {
		return fmt.Errorf("the checkpoint has %d events, the log %d", c.Size, head.Size)
	}
	root, err := a.log.RootAt(c.Size)
	if err == nil && seal.Digest(root) != c.Root {
		err = errors.New("the checkpoint has another root than the log")
	}
	return err
}

// AddWitness trusts a witness's cosignatures from now on, or from the key's own time.
func (a *Archive) AddWitness(k verify.LogKey) error {
	key, err := seal.ParseWitnessKey(k.Key)
	if err != nil {
		return err
	}
	k.Key = key.String()
	return a.changePolicy("witness_added", func(policy *verify.Policy) error {
		for _, old := range policy.Witnesses {
			known, err := seal.ParseWitnessKey(old.Key)
			if err == nil && known.Name() == key.Name() && (old.Until == nil || old.Until.After(a.opt.Now())) {
				return fmt.Errorf("witness %s is trusted already; end it first to give it another key", key.Name())
			}
		}
		policy.Witnesses = append(policy.Witnesses, k)
		return nil
	})
}

// EndWitness ends the trust in a witness at a time. What it cosigned before counts on.
func (a *Archive) EndWitness(name string, at seal.Time) error {
	return a.changePolicy("witness_ended", func(policy *verify.Policy) error {
		for i := range policy.Witnesses {
			w := &policy.Witnesses[i]
			if key, err := seal.ParseWitnessKey(w.Key); err == nil && key.Name() == name && w.Until == nil {
				w.Until = &at
				return nil
			}
		}
		return fmt.Errorf("no witness %s is trusted without an end", name)
	})
}

// SetWitnessQuorum says how many witnesses a checkpoint asks for; nil: none.
func (a *Archive) SetWitnessQuorum(q *verify.WitnessQuorum) error {
	return a.changePolicy("witness_quorum_set", func(policy *verify.Policy) error {
		policy.WitnessQuorum = q
		return nil
	})
}

// Witnessed judges, where a policy has witnesses, how many cosigned the present checkpoint, as known at a time.
func (a *Archive) Witnessed(r *verify.Report, p *verify.Policy, at time.Time) error {
	name, made := cosignedName(a.Head().Size), a.Last().Time
	signed, err := a.Cosigned(a.Head().Size)
	if err != nil || len(p.Witnesses) == 0 {
		return err
	}
	if signed == nil {
		name, signed = checkpointName, a.Checkpoint()
	}
	if _, err := p.Checkpoint(signed, made); err != nil {
		r.Result(verify.CodeCheckpoint, name, err)
		return nil
	}
	if !seal.SameCheckpoint(signed, a.Checkpoint()) {
		r.Fail(verify.CodeFork, name, "is another checkpoint than log/checkpoint, of one size, and the log signed both")
		return nil
	}
	p.Witnessed(r, name, signed, made, at)
	return nil
}
