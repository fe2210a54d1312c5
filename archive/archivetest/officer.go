package archivetest

import (
	"bytes"
	"testing"

	"kartoteka/archive"
	"kartoteka/seal"
	"kartoteka/verify"
)

// Officer decides.
type Officer struct {
	Name string
	PEM  string

	p *Producer
}

// NewOfficer makes an officer with a key.
func NewOfficer(t testing.TB, name string) *Officer {
	t.Helper()
	p := NewProducer(t)
	return &Officer{Name: name, PEM: p.PEM, p: p}
}

// Sign signs a message.
func (o *Officer) Sign(message []byte) ([]byte, error) {
	return o.p.signer.SignMessage(bytes.NewReader(message))
}

// Signature is the officer's over a message.
func (o *Officer) Signature(t testing.TB, message []byte) seal.OfficerSignature {
	t.Helper()
	sig, err := o.Sign(message)
	if err != nil {
		t.Fatal(err)
	}
	return seal.OfficerSignature{Name: o.Name, Signature: sig}
}

// Officers makes two officers, archivist and director, and has the archive trust them, once.
func (a *Archive) Officers(t testing.TB) []*Officer {
	t.Helper()
	if a.officers != nil {
		return a.officers
	}
	w := a.OpenWrite(t)
	defer w.Close()
	list := []*Officer{NewOfficer(t, "archivist"), NewOfficer(t, "director")}
	for _, o := range list {
		if err := w.AddOfficer(verify.Officer{Name: o.Name, Key: o.PEM}); err != nil {
			t.Fatal(err)
		}
	}
	a.officers = list
	return list
}

// SignOrder signs an order by each officer.
func SignOrder(t testing.TB, o seal.Order, officers ...*Officer) []byte {
	t.Helper()
	s, err := o.Sign()
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range officers {
		if err := s.Add(seal.Signature{KeyID: x.Name, Sig: x.Signature(t, s.Message()).Signature}); err != nil {
			t.Fatal(err)
		}
	}
	data, err := s.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TakeDraft signs a draft and takes it in.
func (a *Archive) TakeDraft(t testing.TB, d *Draft) seal.LeafIndex {
	t.Helper()
	name := d.Statement.Predicate.Bundle.ID + ".zip"
	a.Spool(t, name, d)
	return a.TakeSpool(t)[name]
}

// Order makes an order for bundles as the archive is now, under a rule that nobody asks about: whether the law allows it is
// not the archive's to know.
func (a *Archive) Order(t testing.TB, leaves ...seal.LeafIndex) seal.Order {
	t.Helper()
	w := a.OpenWrite(t)
	defer w.Close()
	return OrderOf(t, w, leaves...)
}

// OrderOf makes one for an open archive.
func OrderOf(t testing.TB, w *archive.Archive, leaves ...seal.LeafIndex) seal.Order {
	t.Helper()
	head, today := w.Head(), w.Today()
	o := seal.Order{Origin: head.Origin, Number: "1", Made: today, Until: today.AddDays(30), Log: seal.OrderLog{Size: head.Size, Root: head.Root},
		Rules: []seal.OrderRule{{Schedule: seal.Digest{1}, ID: "PL-20-GENERAL", Citation: "UPP art. 29 ust. 1"}}}
	for _, leaf := range leaves {
		_, e, err := w.Event(leaf)
		if err != nil || e.Bundle == nil {
			t.Fatalf("event %d is of no bundle: %v", leaf, err)
		}
		o.Bundles = append(o.Bundles, seal.OrderBundle{Leaf: leaf, Documents: e.Bundle.Commitment.Count, Due: today})
	}
	with, err := w.Along(leaves)
	if err != nil {
		t.Fatal(err)
	}
	o.Acts, o.Released = with.Acts, with.Released
	return o
}
