package verify

import (
	"crypto/sha256"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/note"

	"kartoteka/seal"
)

// Certificate judges a certificate of destruction offline, with nothing but its file and the policy. The zero time means
// when it was issued, never now. Believe what the certificate says only where the report passed.
//
// What a certificate cannot prove is left to the log key's word: the ids and roots of the bundles, what was shredded, and
// that the log grew from the one the order was made for. Whoever has the log can compare.
func (p *Policy) Certificate(data []byte, at time.Time) (seal.Certificate, *Report) {
	r := NewReport()
	c, signed, err := seal.ParseCertificate(data)
	if err != nil {
		r.Fail(CodeCertificate, "certificate", err.Error())
		return c, r
	}
	v := &certificateCheck{policy: p, report: r, c: c}
	if !at.IsZero() && at.Before(c.Issued.Time) {
		r.Add(CodeTime, Indeterminate, "certificate", fmt.Sprintf("judged at %s, but issued %s", seal.At(at), c.Issued))
	}
	v.run(signed)
	return c, r
}

// LogKeyID is how a signature on a certificate names the log key: the first two parts of its note verifier key.
func LogKeyID(k note.Verifier) string { return fmt.Sprintf("%s+%08x", k.Name(), k.KeyHash()) }

type certificateCheck struct {
	policy *Policy
	report *Report
	c      seal.Certificate
	event  seal.Event
	index  seal.LeafIndex // of the event
	order  seal.Order
}

func (v *certificateCheck) run(signed seal.Signed) {
	v.report.Result(CodeCertificate, "certificate", v.signature(signed))
	if !v.report.Result(CodeEvent, "event", v.disposal()) { // everything else is measured by it, and by the order
		return
	}
	if !v.report.Result(CodeInclusion, "proof", v.inclusion()) || !v.report.Result(CodeOrder, "order", v.ordered()) {
		return
	}
	v.report.Pass(CodeOrder, "rules", v.rules())
	v.report.Result(CodeCertificate, "bundles", v.bundles())
	v.report.Result(CodeCertificate, "keyfiles", v.keyfiles())
	v.report.Result(CodeCertificate, "segments", v.segments())
	for i, x := range v.c.Copies {
		v.copied(i, x)
	}
	v.report.Result(CodeCertificate, "copies", v.required())
	v.report.Count("bundles", len(v.order.Bundles))
	v.report.Count("documents", v.order.Documents())
	v.report.Count("keyfiles", len(v.c.Keyfiles))
	v.report.Count("segments", len(v.c.Segments))
}

// signature judges who issued it. Signatures of keys that the policy does not have then are nobody's; every other must
// hold, and there must be one.
func (v *certificateCheck) signature(s seal.Signed) error {
	if v.c.Origin != v.policy.Origin {
		return failed(CodeCertificate, "the certificate is of log %.80q, not %s", v.c.Origin, v.policy.Origin)
	}
	keys, err := v.policy.LogVerifiers(v.c.Issued.Time)
	if err != nil {
		return err
	}
	signed := false
	for _, sig := range s.Signatures {
		for _, k := range keys {
			if sig.KeyID != LogKeyID(k) {
				continue
			}
			if !k.Verify(s.Message(), sig.Sig) { // of an Ed25519 note key: the plain signature over the bytes
				return failed(CodeCertificate, "the signature of log key %s does not hold", sig.KeyID)
			}
			signed = true
		}
	}
	if !signed {
		return failed(CodeCertificate, "no log key that the policy has for %s signed it", v.c.Issued)
	}
	return nil
}

func (v *certificateCheck) disposal() (err error) {
	if v.event, err = seal.ParseEvent([]byte(v.c.Event)); err != nil {
		return failed(CodeEvent, "%w", err)
	}
	if v.event.Disposal == nil {
		return failed(CodeEvent, "the event is a %s, not a disposal", v.event.Kind)
	}
	if v.c.Issued.Before(v.event.Time.Time) {
		return failed(CodeCertificate, "issued %s, before the disposal of %s", v.c.Issued, v.event.Time)
	}
	return nil
}

func (v *certificateCheck) inclusion() error {
	proof, err := seal.ParseProof([]byte(v.c.Proof))
	if err != nil {
		return failed(CodeInclusion, "%w", err)
	}
	v.index = proof.Index
	c, err := v.checkpoint(proof.Checkpoint)
	if err != nil {
		return err
	}
	if err := seal.CheckTreePath(proof.Path, int(c.Size), int(proof.Index), seal.LeafHash([]byte(v.c.Event)), c.Root); err != nil {
		return failed(CodeInclusion, "%w", err)
	}
	return nil
}

// checkpoint may be the one that committed the disposal or any later one. It does not say when it was signed, so it is
// judged as at each time at which the log's keys may have changed in between.
func (v *certificateCheck) checkpoint(signed []byte) (seal.Checkpoint, error) {
	c, err := v.policy.Checkpoint(signed, v.c.Issued.Time)
	times := []time.Time{v.event.Time.Time}
	for _, k := range v.policy.LogKeys {
		for _, t := range []*seal.Time{k.From, k.Until} {
			if t != nil && v.event.Time.Before(t.Time) && t.Before(v.c.Issued.Time) {
				times = append(times, t.Time)
			}
		}
	}
	for i := 0; err != nil && i < len(times); i++ {
		if then, old := v.policy.Checkpoint(signed, times[i]); old == nil {
			return then, nil
		}
	}
	return c, err
}

// ordered judges the order as at the disposal, and that it is the one the event names.
func (v *certificateCheck) ordered() (err error) {
	if v.order, _, err = v.policy.Order([]byte(v.c.Order), v.event.Time.Time); err != nil {
		return err
	}
	o, d := v.order, v.event.Disposal
	day := seal.DateIn(v.event.Time.Time, time.UTC) // the controller's calendar may be a day ahead or behind
	switch {
	case d.Order != sha256.Sum256([]byte(v.c.Order)):
		return failed(CodeOrder, "the event names another order")
	case d.Bundles != len(o.Bundles) || d.Documents != o.Documents():
		return failed(CodeOrder, "the event counts %d bundles and %d documents, the order %d and %d", d.Bundles, d.Documents, len(o.Bundles), o.Documents())
	case int64(v.index) < o.Log.Size:
		return failed(CodeOrder, "event %d stood in the log before the order was made, at %d events", v.index, o.Log.Size)
	case day.AddDays(1).Before(o.Made) || o.Until.AddDays(1).Before(day):
		return failed(CodeOrder, "executed on %s, but it may be executed from %s to %s", day, o.Made, o.Until)
	}
	for _, b := range o.Bundles {
		if day.AddDays(1).Before(b.Due) {
			return failed(CodeOrder, "bundle %d was due on %s, after the disposal of %s", b.Leaf, b.Due, day)
		}
	}
	return nil
}
