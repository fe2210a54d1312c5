package seal_test

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"testing"

	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"
	"golang.org/x/mod/sumdb/note"

	"kartoteka/seal"
	"kartoteka/verify"
)

// The example goes on: the archive gets two officers, the patient dies, a hold comes and goes, a keyfile is rewrapped, and
// when the term is over the bundle is disposed of with all that was said about it. Then the archive is passed on.

// exampleLog is the whole of it, in order.
var exampleLog = []string{
	"event-0-trust.json", "event-1-accession.json", "event-2-bundle.json", "event-3-accession.json", "event-4-release.json", "event-5-accession.json",
	"event-6-trust.json", "event-7-accession.json",
	"event-fact.json", "event-hold.json", "event-step.json", "event-11-accession.json",
	"event-hold-release.json", "event-13-accession.json",
	"event-key.json", "event-15-accession.json",
	"event-disposal.json", "event-17-segment-retired.json", "event-18-segment-retired.json", "event-19-segment-retired.json", "event-20-accession.json",
	"event-custody.json", "event-22-trust.json", "event-23-accession.json",
}

// Leaves that others name.
const (
	bundleLeaf, releaseLeaf, factLeaf, holdLeaf, stepLeaf = 2, 4, 8, 9, 10

	keyLeaf, disposalLeaf = 14, 16
)

func officer(t testing.TB, name string) (signature.Signer, string) {
	t.Helper()
	seed := fixed(name)
	key := ed25519.NewKeyFromSeed(seed[:])
	signer, err := signature.LoadSigner(key, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return signer, string(first(cryptoutils.MarshalPublicKeyToPEM(key.Public())))
}

// exampleOfficers sign what takes two.
var exampleOfficers = []string{"archivist", "director"}

func officersSign(t testing.TB, message []byte) (list []seal.OfficerSignature) {
	for _, name := range exampleOfficers {
		signer, _ := officer(t, name)
		list = append(list, seal.OfficerSignature{Name: name, Signature: first(signer.SignMessage(bytes.NewReader(message)))})
	}
	return list
}

func date(s string) seal.Date {
	d, err := seal.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

// acts are the records of the example's acts, and one of a kind that it has not.
func (w *world) acts() {
	person := seal.NewIndexKey(w.index).Person(w.statement.Predicate.Patient)
	for name, a := range map[string]seal.Act{
		"act-released.json": {Event: releaseLeaf, Released: []seal.LeafIndex{bundleLeaf}},
		"act-fact.json": {Event: factLeaf, Person: person,
			Fact: &seal.Addition{Facts: seal.Facts{DeathYear: 2040}, Basis: "akt zgonu 12/2040", Officer: "archivist"}},
		"act-hold.json": {Event: holdLeaf, Hold: &seal.Hold{ID: "H-1", Kind: seal.HoldCourt, Bundles: []seal.LeafIndex{bundleLeaf},
			OrderedBy: "Sąd Rejonowy", Basis: "I C 12/46", Start: date("2046-11-01"), Review: date("2047-05-01"), Officer: "archivist"}},
		"act-step.json": {Event: stepLeaf, Step: &seal.Step{Kind: seal.StepNotice, Bundles: []seal.StepBundle{{Leaf: bundleLeaf, For: date("2047-01-01")}},
			On: date("2046-11-05"), Until: date("2046-12-31"), Reference: "K-7/2046", Officer: "archivist"}},
		"act-carried.json": {Event: 17, Person: person, Carried: &seal.Facts{Jurisdiction: "PL", LastEntryYear: 2026}},
	} {
		w.put(name, first(a.Marshal()), nil)
	}
}

// keyfileRewritten rewraps one keyfile and shreds all of it.
func (w *world) keyfileRewritten() {
	k, err := seal.ParseKeyfile(w.files["content-1.keys"])
	w.fatal(err)
	w.once("content-1-rewrapped.keys", func() []byte {
		secrets, err := w.recipients().Wrap(seal.ClassContent, keyfileSecret("1", seal.ClassContent))
		w.fatal(err)
		k.Rewrap(secrets, keyLeaf)
		return first(k.Marshal())
	})
	k, err = seal.ParseKeyfile(w.files["content-1-rewrapped.keys"])
	w.fatal(err)
	sum, err := k.SecretsSum()
	w.fatal(err)
	w.put("rewrapping-1.json", first(seal.Rewrapping{Keyfiles: []seal.RewrappedSecret{{Accession: k.Head.Accession, Class: k.Head.Class, Secrets: sum}}}.Marshal()), nil)
	for n := range k.Records {
		w.fatal(k.Shred(n, disposalLeaf))
	}
	w.put("content-1-shredded.keys", first(k.Marshal()), nil)
}

// accessionEvent ends an accession.
func (w *world) accessionEvent(name string, id seal.AccessionID, t seal.Time, a seal.AccessionEvent) {
	if a.Segments == nil {
		a.Segments = []seal.Segment{}
	}
	if a.Keyfiles == nil {
		a.Keyfiles = []seal.KeyfileSum{}
	}
	a.To = sha256.Sum256(w.files["recipients-1.json"])
	w.event(name, seal.Event{Kind: seal.KindAccession, Accession: id, Time: t, Accessioned: &a})
}

func (w *world) disposal() {
	p, err := verify.ParsePolicy(w.files["policy-1.json"])
	w.fatal(err)
	before := verify.Digest(w.files["policy-1.json"])
	for i, name := range exampleOfficers {
		_, pem := officer(w.t, name)
		p.Officers = append(p.Officers, verify.Officer{Name: name, Key: pem})
		if i == 1 {
			p.Officers[i].Roles = []verify.Role{verify.RoleHold, verify.RoleDisposal, verify.RoleCustody}
		}
	}
	p.Retention = &verify.Retention{Controller: "hospital", Schedules: []seal.Digest{}, Overrides: []verify.Override{
		{Rule: "PL-20-GENERAL", Schedule: fixed("schedule"), Officer: "director", Basis: "compared with UPP art. 29 by the legal office, 2026-11-20"}}}
	policy := verify.Digest(w.put("policy-2.json", first(p.Marshal()), nil))
	p.Controller = &seal.Controller{Name: "Archiwum Testowe", Country: "PL"}
	policy3 := verify.Digest(w.put("policy-3.json", first(p.Marshal()), nil))

	a4, a5, a6, a7, a8, a9 := accession("2026/11/23-0001"), accession("2046/11/05-0001"), accession("2046/12/01-0001"), accession("2046/12/02-0001"),
		accession("2047/01/20-0001"), accession("2047/02/01-0001")
	t4, t5, t6, t7, t8, t9 := at("2026-11-23T08:00:00Z"), at("2046-11-05T08:00:00Z"), at("2046-12-01T08:00:00Z"), at("2046-12-02T08:00:00Z"),
		at("2047-01-20T09:00:00Z"), at("2047-02-01T08:00:00Z")
	w.event("event-6-trust.json", seal.Event{Kind: seal.KindTrust, Accession: a4, Time: t4, Trust: &seal.TrustEvent{Change: "officer_added", Before: before, After: policy}})
	w.accessionEvent("event-7-accession.json", a4, t4, seal.AccessionEvent{Events: 1, Policy: policy})
	for n, name := range []string{"fact", "hold", "step"} {
		w.event("event-"+name+".json", seal.Event{Kind: seal.Kind(name), Accession: a5, Time: t5, Act: &seal.ActEvent{Record: n}})
	}
	w.accessionEvent("event-11-accession.json", a5, t5, seal.AccessionEvent{Events: 3, Segments: []seal.Segment{w.segment("3")}, Keyfiles: w.sums("3", seal.ClassIndex), Policy: policy})
	releasedIn := seal.OrderLog{Size: int64(len(w.events)), Root: seal.TreeRoot(w.leaves(len(w.events)))}
	w.event("event-hold-release.json", seal.Event{Kind: seal.KindHoldRelease, Accession: a6, Time: t6,
		HoldRelease: &seal.HoldReleaseEvent{Hold: holdLeaf, Log: releasedIn, Officers: officersSign(w.t, seal.HoldReleaseMessage(exampleOrigin, holdLeaf, releasedIn))}})
	w.accessionEvent("event-13-accession.json", a6, t6, seal.AccessionEvent{Events: 1, Policy: policy})
	key := seal.Event{Kind: seal.KindKey, Accession: a7, Time: t7, Key: &seal.KeyEvent{List: sha256.Sum256(w.files["rewrapping-1.json"]), To: sha256.Sum256(w.files["recipients-1.json"]), Keyfiles: 1}}
	key.Key.Officers = officersSign(w.t, key.RewrapMessage(exampleOrigin))
	w.event("event-key.json", key)
	w.accessionEvent("event-15-accession.json", a7, t7, seal.AccessionEvent{Events: 1, Policy: policy})
	w.order()
	w.event("event-disposal.json", seal.Event{Kind: seal.KindDisposal, Accession: a8, Time: t8, Disposal: &seal.DisposalEvent{Order: sha256.Sum256(w.files["order-1.json"]), Bundles: 1, Documents: 2}})
	for i, gone := range []seal.AccessionID{accession("2026/11/21-0002"), accession("2026/11/22-0001"), a5} {
		w.event(exampleLog[disposalLeaf+1+i], seal.Event{Kind: seal.KindRetired, Accession: a8, Time: t8, Retired: &seal.RetiredEvent{Accession: gone, Segment: 1, Order: disposalLeaf}})
	}
	w.accessionEvent("event-20-accession.json", a8, t8, seal.AccessionEvent{Events: 4, Policy: policy})
	w.checkpoint("checkpoint-3.txt", len(w.events))
	w.certificate()

	transfer := seal.Transfer{Origin: exampleOrigin, From: seal.Controller{Name: "Szpital Testowy", Country: "PL"}, To: *p.Controller,
		Basis: "UPP art. 30a", On: date("2047-02-01")}
	sum := seal.Digest(sha256.Sum256(w.put("transfer-1.json", first(transfer.Marshal()), nil)))
	w.event("event-custody.json", seal.Event{Kind: seal.KindCustody, Accession: a9, Time: t9,
		Custody: &seal.CustodyEvent{Transfer: sum, Officers: officersSign(w.t, seal.TransferMessage(exampleOrigin, sum))}})
	w.event("event-22-trust.json", seal.Event{Kind: seal.KindTrust, Accession: a9, Time: t9, Trust: &seal.TrustEvent{Change: "custody_transferred", Before: policy, After: policy3}})
	w.accessionEvent("event-23-accession.json", a9, t9, seal.AccessionEvent{Events: 2, Policy: policy3})
	for i, e := range w.events {
		if !bytes.Equal(e, w.files[exampleLog[i]]) {
			w.t.Fatalf("%s is not leaf %d", exampleLog[i], i)
		}
	}
}

// order is of the bundle and all that was said about it, made in the log as it is.
func (w *world) order() {
	o := seal.Order{Origin: exampleOrigin, Number: "B-1/2047", Made: date("2047-01-10"), Until: date("2047-02-10"),
		Log:     seal.OrderLog{Size: int64(len(w.events)), Root: seal.TreeRoot(w.leaves(len(w.events)))},
		Rules:   []seal.OrderRule{{Schedule: fixed("schedule"), ID: "PL-20-GENERAL", Citation: "UPP art. 29 ust. 1"}},
		Bundles: []seal.OrderBundle{{Leaf: bundleLeaf, Documents: 2, Due: date("2047-01-01")}},
		Acts:    []seal.LeafIndex{releaseLeaf, factLeaf, holdLeaf, stepLeaf}, Released: []seal.LeafIndex{releaseLeaf}}
	s, err := o.Sign()
	w.fatal(err)
	for _, sig := range officersSign(w.t, s.Message()) {
		w.fatal(s.Add(seal.Signature{KeyID: sig.Name, Sig: sig.Signature}))
	}
	w.put("order-1.json", first(s.Marshal()), nil)
}

func (w *world) certificate() {
	bundle, err := seal.ParseEvent(w.events[bundleLeaf])
	w.fatal(err)
	release, err := seal.ParseEvent(w.events[releaseLeaf])
	w.fatal(err)
	released := seal.LeafIndex(releaseLeaf)
	c := seal.Certificate{Origin: exampleOrigin, Controller: seal.Controller{Name: "Szpital Testowy", Country: "PL"}, System: seal.System{Name: "kartoteka", Version: "1"},
		Issued: at("2047-01-20T09:05:00Z"), Order: string(w.files["order-1.json"]), Event: string(w.events[disposalLeaf]),
		Proof:   string(w.proof(disposalLeaf, disposalLeaf+5, "checkpoint-3.txt").Marshal()),
		Bundles: []seal.Destroyed{{Leaf: bundleLeaf, ID: bundle.Bundle.ID, Root: bundle.Bundle.Commitment.Root, Leaves: 3, Time: bundle.Time}},
		Copies: []seal.Copy{
			{Kind: seal.CopyLocal, Where: "keyfiles", State: seal.CopyDestroyed},
			{Kind: seal.CopyLocal, Where: "keyfiles.2", State: seal.CopyDestroyed},
			{Kind: seal.CopyIndex, State: seal.CopyDestroyed},
			{Kind: seal.CopyRelease, Event: &released, Time: &release.Time, State: seal.CopyBeyond},
			{Kind: seal.CopyOffline, State: seal.CopyUnknown},
		}}
	for _, x := range []struct {
		n       string
		classes []seal.Class
	}{{"1", seal.Classes()}, {"2", []seal.Class{seal.ClassContent, seal.ClassIndex}}, {"3", []seal.Class{seal.ClassIndex}}} {
		var id seal.AccessionID
		for _, class := range x.classes {
			k, err := seal.ParseKeyfile(w.files[string(class)+"-"+x.n+".keys"])
			w.fatal(err)
			root, err := k.HeaderRoot()
			w.fatal(err)
			gone := seal.Rewritten{Accession: k.Head.Accession, Class: class, Root: root, Generation: disposalLeaf}
			for n := range k.Records {
				gone.Shredded = append(gone.Shredded, n)
			}
			c.Keyfiles, id = append(c.Keyfiles, gone), k.Head.Accession
		}
		c.Segments = append(c.Segments, seal.Gone{Accession: id, Segment: 1})
	}
	s, err := c.Sign()
	w.fatal(err)
	signer, err := note.NewSigner(w.logKey)
	w.fatal(err)
	verifier, err := note.NewVerifier(w.logVKey)
	w.fatal(err)
	w.fatal(s.Add(seal.Signature{KeyID: verify.LogKeyID(verifier), Sig: first(signer.Sign(s.Message()))}))
	w.put("certificate-1.json", first(s.Marshal()), nil)
}
