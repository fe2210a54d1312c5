package verify_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"kartoteka/seal"
	"kartoteka/seal/fuzztest"
	"kartoteka/verify"
)

// destruction is a disposal with its certificate, in parts that a forger may change before they are put together.
type destruction struct {
	t        testing.TB
	policy   *verify.Policy
	officers []string // who signs the order, by name
	keys     []string // with whose keys
	order    seal.Order
	signed   func(*seal.Signed) // the order's file, once it is signed
	event    seal.Event
	log      []note.Signer // of the checkpoint
	proof    func(*seal.Proof)
	c        seal.Certificate
	last     func(*seal.Certificate) // when all else stands
	issuer   []note.Signer
	finish   func(*seal.Signed) // the certificate's file, once it is signed
	spoil    func([]byte) []byte
}

const certifiedLeaf = 9 // of the disposal

func at(s string) seal.Time { return seal.At(must(time.Parse(time.RFC3339, s))) }

func accession(s string) seal.AccessionID { return must(seal.ParseAccessionID(s)) }

func date(s string) seal.Date { return must(seal.ParseDate(s)) }

// destroyed is the honest one: two bundles of three documents, and a fact about them.
func destroyed(t testing.TB) *destruction {
	key, vkey := logKey(t, "log")
	p := &verify.Policy{Origin: origin, LogKeys: []verify.LogKey{{Key: vkey}}}
	for _, name := range []string{"anna", "jan", "ewa"} {
		_, pem := producer(t, name)
		p.Officers = append(p.Officers, verify.Officer{Name: name, Key: pem})
	}
	rule := sha256.Sum256([]byte("schedule"))
	released, when := seal.LeafIndex(4), at("2047-01-02T10:00:00Z")
	return &destruction{
		t: t, policy: p, officers: []string{"anna", "jan"}, keys: []string{"anna", "jan"}, log: []note.Signer{key}, issuer: []note.Signer{key},
		order: seal.Order{
			Schema: seal.SpecOrder, Origin: origin, Number: "D/2048/1", Made: date("2048-01-10"), Until: date("2048-02-10"),
			Log:     seal.OrderLog{Size: 8, Root: sha256.Sum256([]byte("root"))},
			Rules:   []seal.OrderRule{{Schedule: rule, ID: "pl.general.20y", Citation: "UPP art. 29 ust. 1"}},
			Bundles: []seal.OrderBundle{{Leaf: 2, Documents: 2, Due: date("2048-01-01")}, {Leaf: 6, Documents: 1, Due: date("2048-01-01")}},
			Acts:    []seal.LeafIndex{4, 7}, Released: []seal.LeafIndex{4},
		},
		event: seal.Event{Schema: seal.SpecEvent, Kind: seal.KindDisposal, Accession: accession("2048/01/12-0001"), Time: at("2048-01-12T09:00:00Z"),
			Disposal: &seal.DisposalEvent{Bundles: 2, Documents: 3}},
		c: seal.Certificate{
			Schema: seal.SpecCertificate, Origin: origin, Controller: seal.Controller{Name: "Szpital Testowy", Country: "PL"},
			System: seal.System{Name: "kartoteka", Version: "1"}, Issued: at("2048-01-12T09:05:00Z"),
			Bundles: []seal.Destroyed{
				{Leaf: 2, ID: sha256.Sum256([]byte("2")), Root: sha256.Sum256([]byte("root 2")), Leaves: 3, Time: at("2026-11-21T20:00:00Z")},
				{Leaf: 6, ID: sha256.Sum256([]byte("6")), Root: sha256.Sum256([]byte("root 6")), Leaves: 2, Time: at("2026-11-22T20:00:00Z")},
			},
			Keyfiles: []seal.Rewritten{
				{Accession: accession("2026/11/21-0001"), Class: seal.ClassContent, Generation: certifiedLeaf, Shredded: []int{0, 1, 2}},
				{Accession: accession("2026/11/21-0001"), Class: seal.ClassEvidence, Generation: certifiedLeaf, Shredded: []int{0}},
				{Accession: accession("2026/11/21-0001"), Class: seal.ClassIndex, Generation: certifiedLeaf + 2, Shredded: []int{0}},
				{Accession: accession("2026/11/22-0001"), Class: seal.ClassContent, Generation: certifiedLeaf, Shredded: []int{4, 5, 6}},
				{Accession: accession("2026/11/22-0001"), Class: seal.ClassEvidence, Generation: certifiedLeaf, Shredded: []int{3}},
				{Accession: accession("2026/11/22-0001"), Class: seal.ClassIndex, Generation: certifiedLeaf, Shredded: []int{2, 3, 7}},
			},
			Segments: []seal.Gone{{Accession: accession("2026/11/21-0001"), Segment: 1}, {Accession: accession("2026/11/22-0001"), Segment: 1}},
			Copies: []seal.Copy{
				{Kind: seal.CopyLocal, Where: "keyfiles", State: seal.CopyDestroyed},
				{Kind: seal.CopyLocal, Where: "keyfiles.2", State: seal.CopyDestroyed},
				{Kind: seal.CopyIndex, State: seal.CopyDestroyed},
				{Kind: seal.CopyRelease, Event: &released, Time: &when, State: seal.CopyBeyond},
				{Kind: seal.CopyOffline, State: seal.CopyUnknown},
			},
		},
	}
}

// file puts the parts together, whether or not they fit.
func (d *destruction) file() []byte {
	s := seal.Signed{PayloadType: seal.OrderType, Payload: must(seal.Marshal(d.order))}
	for i, name := range d.officers {
		signer, _ := producer(d.t, d.keys[i])
		s.Signatures = append(s.Signatures, seal.Signature{KeyID: name, Sig: must(signer.SignMessage(bytes.NewReader(s.Message())))})
	}
	change(d.signed, &s)
	d.c.Order = string(must(s.Marshal()))
	if x := d.event.Disposal; x != nil && x.Order == (seal.Digest{}) {
		x.Order = sha256.Sum256([]byte(d.c.Order))
	}
	d.c.Event = string(must(seal.Marshal(d.event)))
	var leaves []seal.Digest
	for i := range 12 {
		leaves = append(leaves, seal.LeafHash(fmt.Append(nil, i)))
	}
	leaves[certifiedLeaf] = seal.LeafHash([]byte(d.c.Event))
	signed := must(seal.Checkpoint{Origin: d.policy.Origin, Size: 12, Root: seal.TreeRoot(leaves)}.Sign(d.log...))
	proof := seal.Proof{Index: certifiedLeaf, Path: seal.TreePath(leaves, certifiedLeaf), Checkpoint: signed}
	change(d.proof, &proof)
	d.c.Proof = string(proof.Marshal())
	change(d.last, &d.c)
	out := seal.Signed{PayloadType: seal.CertificateType, Payload: must(seal.Marshal(d.c))}
	for _, k := range d.issuer {
		out.Signatures = append(out.Signatures, seal.Signature{KeyID: fmt.Sprintf("%s+%08x", k.Name(), k.KeyHash()), Sig: must(k.Sign(out.Message()))})
	}
	slices.SortFunc(out.Signatures, func(a, b seal.Signature) int { return strings.Compare(a.KeyID, b.KeyID) })
	change(d.finish, &out)
	data := must(out.Marshal())
	if d.spoil != nil {
		data = d.spoil(data)
	}
	return data
}

func change[T any](f func(*T), v *T) {
	if f != nil {
		f(v)
	}
}

// judgement is a verdict and the first check that did not pass.
func judgement(r *verify.Report) string {
	for _, c := range r.Checks {
		if c.Verdict != verify.Passed {
			return fmt.Sprintf("%s %s %s", r.Verdict, c.Code, c.Subject)
		}
	}
	return string(r.Verdict)
}

func TestCertificate(t *testing.T) {
	other, otherKey := logKey(t, "log 2")
	_, first := logKey(t, "log")
	_, jan := producer(t, "jan")
	_, anna := producer(t, "anna")
	for _, tt := range []struct {
		name  string
		forge func(*destruction)
		want  string
	}{
		{"honest", func(d *destruction) {}, "passed"},
		{"three officers", func(d *destruction) { d.officers = []string{"anna", "ewa", "jan"}; d.keys = d.officers }, "passed"},
		{"nothing deleted, nobody had a copy", func(d *destruction) {
			d.c.Segments, d.c.Copies, d.order.Released = []seal.Gone{}, d.c.Copies[:3], []seal.LeafIndex{}
		}, "passed"},
		{"signed by a stranger too", func(d *destruction) { d.issuer = append(d.issuer, other) }, "passed"},
		{"own schedules", func(d *destruction) {
			d.policy.Retention = &verify.Retention{Schedules: []seal.Digest{d.order.Rules[0].Schedule}}
		}, "passed"},
		{"key changed after the disposal", func(d *destruction) {
			d.policy.LogKeys = []verify.LogKey{{Key: first, Until: stamp("2048-02-01")}, {Key: otherKey, From: stamp("2048-02-01")}}
			d.issuer, d.c.Issued = []note.Signer{other}, at("2048-03-01T00:00:00Z")
		}, "passed"},
		{"key changed, later checkpoint", func(d *destruction) {
			d.policy.LogKeys = []verify.LogKey{{Key: first, Until: stamp("2048-02-01")}, {Key: otherKey, From: stamp("2048-02-01")}}
			d.issuer, d.log, d.c.Issued = []note.Signer{other}, []note.Signer{other}, at("2048-03-01T00:00:00Z")
		}, "passed"},
		{"key changed twice, checkpoint of in between", func(d *destruction) {
			last, lastKey := logKey(t, "log 3")
			d.policy.LogKeys = []verify.LogKey{{Key: first, Until: stamp("2048-02-01")}, {Key: otherKey, From: stamp("2048-02-01"), Until: stamp("2048-03-01")}, {Key: lastKey, From: stamp("2048-03-01")}}
			d.issuer, d.log, d.c.Issued = []note.Signer{last}, []note.Signer{other}, at("2048-04-01T00:00:00Z")
		}, "passed"},
		{"checkpoint signed by a key of after the issue", func(d *destruction) {
			d.policy.LogKeys = []verify.LogKey{{Key: first, Until: stamp("2048-02-01")}, {Key: otherKey, From: stamp("2048-02-01")}}
			d.log = []note.Signer{other}
		}, "failed checkpoint proof"},
		{"officer ended since", func(d *destruction) { d.policy.Officers[0].Until = stamp("2048-01-13") }, "passed"},
		{"issued a decade later", func(d *destruction) { d.c.Issued = at("2058-01-01T00:00:00Z") }, "passed"},

		{"not a file of ours", func(d *destruction) { d.spoil = func([]byte) []byte { return []byte("{}\n") } }, "failed certificate certificate"},
		{"nothing", func(d *destruction) { d.spoil = func([]byte) []byte { return nil } }, "failed certificate certificate"},
		{"no line feed", func(d *destruction) { d.spoil = func(b []byte) []byte { return b[:len(b)-1] } }, "failed certificate certificate"},
		{"something after it", func(d *destruction) { d.spoil = func(b []byte) []byte { return append(b, '\n') } }, "failed certificate certificate"},
		{"an order in its place", func(d *destruction) { d.spoil = func([]byte) []byte { return []byte(d.c.Order) } }, "failed certificate certificate"},
		{"of the order's type", func(d *destruction) { d.finish = func(s *seal.Signed) { s.PayloadType = seal.OrderType } }, "failed certificate certificate"},
		{"another schema", func(d *destruction) { d.c.Schema = "kartoteka/certificate/2" }, "failed certificate certificate"},
		{"no controller", func(d *destruction) { d.c.Controller.Name = "" }, "failed certificate certificate"},
		{"no system", func(d *destruction) { d.c.System.Name = "" }, "failed certificate certificate"},
		{"no list of segments", func(d *destruction) { d.c.Segments = nil }, "failed certificate certificate"},

		{"nobody signed", func(d *destruction) { d.issuer = nil }, "failed certificate certificate"},
		{"a stranger signed", func(d *destruction) { d.issuer = []note.Signer{other} }, "failed certificate certificate"},
		{"a stranger signed under the log key's name", func(d *destruction) {
			d.finish = func(s *seal.Signed) { s.Signatures[0].Sig = must(other.Sign(s.Message())) }
		}, "failed certificate certificate"},
		{"signed as a note", func(d *destruction) {
			d.finish = func(s *seal.Signed) { s.Signatures[0].Sig = must(d.issuer[0].Sign(s.Payload)) }
		}, "failed certificate certificate"},
		{"changed after signing", func(d *destruction) {
			d.finish = func(s *seal.Signed) {
				s.Payload = bytes.Replace(s.Payload, []byte("Szpital T"), []byte("Szpital B"), 1)
			}
		}, "failed certificate certificate"},
		{"an officer signed in the log key's place", func(d *destruction) {
			signer, _ := producer(t, "anna")
			d.finish = func(s *seal.Signed) {
				s.Signatures = []seal.Signature{{KeyID: "anna", Sig: must(signer.SignMessage(bytes.NewReader(s.Message())))}}
			}
		}, "failed certificate certificate"},
		{"signatures swapped", func(d *destruction) {
			d.policy.LogKeys, d.issuer = append(d.policy.LogKeys, verify.LogKey{Key: otherKey}), append(d.issuer, other)
			d.log = append(d.log, other)
			d.finish = func(s *seal.Signed) {
				s.Signatures[0].Sig, s.Signatures[1].Sig = s.Signatures[1].Sig, s.Signatures[0].Sig
			}
		}, "failed certificate certificate"},
		{"log key of a later time", func(d *destruction) { d.policy.LogKeys[0].From = stamp("2050-01-01") }, "indeterminate checkpoint certificate"},
		{"log key that had ended", func(d *destruction) {
			d.policy.LogKeys = []verify.LogKey{{Key: first, Until: stamp("2040-01-01")}, {Key: otherKey, From: stamp("2040-01-01")}}
		}, "failed certificate certificate"},
		{"another log's certificate", func(d *destruction) { d.c.Origin = "another.example/2026" }, "failed certificate certificate"},

		{"no event", func(d *destruction) { d.last = func(c *seal.Certificate) { c.Event = "{}" } }, "failed event event"},
		{"event of another kind", func(d *destruction) {
			d.event.Kind, d.event.Disposal, d.event.Retired = seal.KindRetired, nil, &seal.RetiredEvent{Accession: accession("2026/11/21-0001"), Segment: 1, Order: 3}
		}, "failed event event"},
		{"event of an unknown kind", func(d *destruction) {
			d.last = func(c *seal.Certificate) { c.Event = strings.Replace(c.Event, `"disposal"`, `"burning"`, 1) }
		}, "failed event event"},
		{"issued before the event", func(d *destruction) { d.c.Issued = at("2048-01-12T08:59:59Z") }, "failed certificate event"},
		{"event at another time", func(d *destruction) {
			d.last = func(c *seal.Certificate) { c.Event = strings.Replace(c.Event, "09:00:00Z", "09:00:01Z", 1) }
		}, "failed log_inclusion proof"},

		{"no proof", func(d *destruction) { d.last = func(c *seal.Certificate) { c.Proof = "x" } }, "failed log_inclusion proof"},
		{"proof of another leaf", func(d *destruction) { d.proof = func(p *seal.Proof) { p.Index-- } }, "failed log_inclusion proof"},
		{"another path", func(d *destruction) { d.proof = func(p *seal.Proof) { p.Path[1][0] ^= 1 } }, "failed log_inclusion proof"},
		{"path cut short", func(d *destruction) { d.proof = func(p *seal.Proof) { p.Path = p.Path[:1] } }, "failed log_inclusion proof"},
		{"index beyond the log", func(d *destruction) { d.proof = func(p *seal.Proof) { p.Index = 12 } }, "failed log_inclusion proof"},
		{"checkpoint nobody signed", func(d *destruction) {
			d.proof = func(p *seal.Proof) {
				p.Checkpoint = must(seal.Checkpoint{Origin: origin, Size: 12, Root: sha256.Sum256(nil)}.Sign(other))
			}
		}, "failed checkpoint proof"},
		{"checkpoint of another tree", func(d *destruction) {
			d.proof = func(p *seal.Proof) {
				p.Checkpoint = must(seal.Checkpoint{Origin: origin, Size: 12, Root: sha256.Sum256(nil)}.Sign(d.log...))
			}
		}, "failed log_inclusion proof"},
		{"checkpoint of another log", func(d *destruction) {
			d.proof = func(p *seal.Proof) {
				c := must(seal.PeekCheckpoint(p.Checkpoint))
				c.Origin = "another.example/2026"
				p.Checkpoint = must(c.Sign(d.log...))
			}
		}, "failed checkpoint proof"},
		{"checkpoint without the second key of the time", func(d *destruction) {
			d.policy.LogKeys = append(d.policy.LogKeys, verify.LogKey{Key: otherKey})
		}, "failed checkpoint proof"},

		{"no order", func(d *destruction) { d.last = func(c *seal.Certificate) { c.Order = "x" } }, "failed order order"},
		{"order of another log", func(d *destruction) { d.order.Origin = "another.example/2026" }, "failed order order"},
		{"another order, as good", func(d *destruction) { d.event.Disposal.Order = sha256.Sum256([]byte("x")) }, "failed order order"},
		{"order signed once more since", func(d *destruction) {
			d.last = func(c *seal.Certificate) {
				o, s := must2(seal.ParseOrder([]byte(c.Order)))
				signer, _ := producer(t, "ewa")
				if err := s.Add(seal.Signature{KeyID: "ewa", Sig: must(signer.SignMessage(bytes.NewReader(s.Message())))}); err != nil {
					t.Fatal(err, o)
				}
				c.Order = string(must(s.Marshal()))
			}
		}, "failed order order"},
		{"event counts more bundles", func(d *destruction) { d.event.Disposal.Bundles, d.event.Disposal.Documents = 3, 3 }, "failed order order"},
		{"event counts fewer documents", func(d *destruction) { d.event.Disposal.Documents = 2 }, "failed order order"},
		{"order made after the event", func(d *destruction) { d.order.Log.Size = 10 }, "failed order order"},
		{"executed too late", func(d *destruction) { d.order.Until = date("2048-01-10") }, "failed order order"},
		{"executed a day late by UTC only", func(d *destruction) { d.order.Until = date("2048-01-11") }, "passed"},
		{"executed before it was made", func(d *destruction) { d.order.Made = date("2048-01-14") }, "failed order order"},
		{"not due", func(d *destruction) { d.order.Bundles[1].Due = date("2048-01-14") }, "failed order order"},
		{"no officer", func(d *destruction) { d.officers, d.keys = nil, nil }, "failed officers order"},
		{"a single officer", func(d *destruction) { d.officers, d.keys = d.officers[:1], d.keys[:1] }, "failed officers order"},
		{"officers' signatures swapped", func(d *destruction) { d.keys = []string{"jan", "anna"} }, "failed officers order"},
		{"an unknown officer", func(d *destruction) { d.officers[1] = "zoe" }, "failed officers order"},
		{"one officer signed for both", func(d *destruction) { d.keys = []string{"anna", "anna"} }, "failed officers order"},
		{"one officer under two names", func(d *destruction) {
			d.policy.Officers[1].Key, d.keys = anna, []string{"anna", "anna"}
		}, "failed officers order"},
		{"officer for holds only", func(d *destruction) { d.policy.Officers[1].Roles = []verify.Role{verify.RoleHold} }, "failed officers order"},
		{"officer for disposals only", func(d *destruction) { d.policy.Officers[1].Roles = []verify.Role{verify.RoleDisposal} }, "passed"},
		{"officer ended before", func(d *destruction) { d.policy.Officers[1].Until = stamp("2048-01-12") }, "failed officers order"},
		{"officer not yet", func(d *destruction) { d.policy.Officers[1].From = stamp("2048-01-13") }, "failed officers order"},
		{"officer's key changed since", func(d *destruction) {
			_, later := producer(t, "later")
			d.policy.Officers[1].Until = stamp("2048-01-13")
			d.policy.Officers = append(d.policy.Officers, verify.Officer{Name: "jan", Key: later, From: stamp("2048-01-13")})
		}, "passed"},
		{"officers of another policy", func(d *destruction) {
			d.policy.Officers[0].Key, d.policy.Officers[1].Key = jan, anna
		}, "failed officers order"},
		{"order changed after signing", func(d *destruction) {
			d.signed = func(s *seal.Signed) { s.Payload = bytes.Replace(s.Payload, []byte("D/2048/1"), []byte("D/2048/2"), 1) }
		}, "failed officers order"},

		{"bundle missing", func(d *destruction) { d.c.Bundles = d.c.Bundles[:1] }, "failed certificate bundles"},
		{"bundle more", func(d *destruction) {
			b := d.c.Bundles[1]
			b.Leaf++
			d.c.Bundles = append(d.c.Bundles, b)
		}, "failed certificate bundles"},
		{"order for another bundle", func(d *destruction) { d.order.Bundles[1].Leaf = 5 }, "failed certificate bundles"},
		{"bundle of another leaf", func(d *destruction) { d.c.Bundles[1].Leaf = 5 }, "failed certificate bundles"},
		{"bundles in another order", func(d *destruction) { slices.Reverse(d.c.Bundles) }, "failed certificate certificate"},
		{"fewer leaves", func(d *destruction) { d.c.Bundles[0].Leaves = 2 }, "failed certificate bundles"},
		{"bundle taken in later", func(d *destruction) { d.c.Bundles[0].Time = at("2048-01-12T09:00:01Z") }, "failed certificate bundles"},

		{"keyfile of before", func(d *destruction) { d.c.Keyfiles[2].Generation = certifiedLeaf - 1 }, "failed certificate keyfiles"},
		{"keyfile twice", func(d *destruction) { d.c.Keyfiles[1] = d.c.Keyfiles[0] }, "failed certificate keyfiles"},
		{"keyfiles out of order", func(d *destruction) { slices.Reverse(d.c.Keyfiles) }, "failed certificate keyfiles"},
		{"keyfile of the disposal itself", func(d *destruction) { d.c.Keyfiles[5].Accession = d.event.Accession }, "failed certificate keyfiles"},
		{"keyfile left out", func(d *destruction) { d.c.Keyfiles = d.c.Keyfiles[:4] }, "failed certificate keyfiles"},
		{"capsules left alone", func(d *destruction) { d.c.Keyfiles = slices.Delete(d.c.Keyfiles, 1, 2) }, "failed certificate keyfiles"},
		{"one document left alone", func(d *destruction) { d.c.Keyfiles[0].Shredded = []int{0}; d.order.Acts = []seal.LeafIndex{} }, "failed certificate keyfiles"},
		{"more shredded than ordered", func(d *destruction) { d.c.Keyfiles[0].Shredded = []int{0, 1, 2, 3, 4, 5} }, "failed certificate keyfiles"},
		{"an act left alone", func(d *destruction) { d.c.Keyfiles[5].Shredded = []int{2, 3} }, "failed certificate keyfiles"},
		{"a foreign capsule shredded", func(d *destruction) { d.c.Keyfiles[1].Shredded = []int{0, 1} }, "failed certificate keyfiles"},
		{"numbers not in order", func(d *destruction) { d.c.Keyfiles[0].Shredded = []int{1, 0, 2} }, "failed certificate certificate"},
		{"unknown class", func(d *destruction) { d.c.Keyfiles[0].Class = "x" }, "failed certificate certificate"},

		{"segments out of order", func(d *destruction) { slices.Reverse(d.c.Segments) }, "failed certificate segments"},
		{"segment twice", func(d *destruction) { d.c.Segments[1] = d.c.Segments[0] }, "failed certificate segments"},
		{"segment 0", func(d *destruction) { d.c.Segments[0].Segment = 0 }, "failed certificate segments"},
		{"segment of others", func(d *destruction) { d.c.Segments[1].Accession = accession("2026/11/23-0001") }, "failed certificate segments"},

		{"first copy there still", func(d *destruction) { d.c.Copies[0].State = seal.CopyUnknown }, "failed certificate copy 0"},
		{"second copy beyond", func(d *destruction) { d.c.Copies[1].State = seal.CopyBeyond }, "failed certificate copy 1"},
		{"index there still", func(d *destruction) { d.c.Copies[2].State = seal.CopyUnknown }, "failed certificate copy 2"},
		{"nothing of the second copy", func(d *destruction) { d.c.Copies = slices.Delete(d.c.Copies, 1, 2) }, "failed certificate copies"},
		{"nothing of the index", func(d *destruction) { d.c.Copies = slices.Delete(d.c.Copies, 2, 3) }, "failed certificate copies"},
		{"first copy twice, in place of the second", func(d *destruction) { d.c.Copies[1].Where = "keyfiles" }, "failed certificate copies"},
		{"release taken back", func(d *destruction) { d.c.Copies[3].State = seal.CopyDestroyed }, "failed certificate copy 3"},
		{"release of later", func(d *destruction) { *d.c.Copies[3].Event = certifiedLeaf + 1 }, "failed certificate copy 3"},
		{"release at a later time", func(d *destruction) { *d.c.Copies[3].Time = d.c.Issued }, "failed certificate copy 3"},
		{"release without an event", func(d *destruction) { d.c.Copies[3].Event = nil }, "failed certificate certificate"},
		{"release twice", func(d *destruction) { d.c.Copies = append(d.c.Copies, d.c.Copies[3]) }, "failed certificate copies"},
		{"release left out", func(d *destruction) { d.c.Copies = slices.Delete(d.c.Copies, 3, 4) }, "failed certificate copies"},
		{"another release", func(d *destruction) { *d.c.Copies[3].Event = 3 }, "failed certificate copies"},
		{"backups known to be gone", func(d *destruction) { d.c.Copies[4].State = seal.CopyDestroyed }, "failed certificate copy 4"},
		{"backup with an event", func(d *destruction) { d.c.Copies[4].Event = d.c.Copies[3].Event }, "failed certificate copy 4"},
		{"local copy with an event", func(d *destruction) { d.c.Copies[0].Event = d.c.Copies[3].Event }, "failed certificate copy 0"},
		{"copy of a later kind", func(d *destruction) { d.c.Copies[4].Kind = "moon" }, "indeterminate certificate copy 4"},
		{"copy without a state", func(d *destruction) { d.c.Copies[4].State = "" }, "failed certificate certificate"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := destroyed(t)
			tt.forge(d)
			c, r := d.policy.Certificate(d.file(), time.Time{})
			if got := judgement(r); got != tt.want {
				t.Errorf("got %s, want %s: %+v", got, tt.want, r.Checks)
			}
			if r.Verdict == verify.Passed && (c.Issued != d.c.Issued || r.Counts["bundles"] != 2 || r.Counts["documents"] != 3) {
				t.Errorf("got %+v, %v", c, r.Counts)
			}
		})
	}
}

func must2[A, B any](a A, b B, err error) (A, B) {
	if err != nil {
		panic(err)
	}
	return a, b
}

// A certificate is judged as at a time; without one, as at its issue.
func TestCertificateAt(t *testing.T) {
	d := destroyed(t)
	data := d.file()
	for _, tt := range []struct {
		at   time.Time
		want string
	}{
		{time.Time{}, "passed"}, {d.c.Issued.Time, "passed"}, {day("2100-01-01"), "passed"},
		{d.event.Time.Time, "indeterminate time certificate"}, {day("2026-01-01"), "indeterminate time certificate"},
	} {
		if _, r := d.policy.Certificate(data, tt.at); judgement(r) != tt.want {
			t.Errorf("at %s: %+v", tt.at, r)
		}
	}
}

// No byte of a certificate may be another.
func TestCertificateEveryByte(t *testing.T) {
	d := destroyed(t)
	good := d.file()
	for i := range good {
		data := bytes.Clone(good)
		data[i] ^= 1
		if _, r := d.policy.Certificate(data, time.Time{}); r.Verdict == verify.Passed {
			t.Fatalf("byte %d of %d may be changed: %q", i, len(good), data[max(0, i-20):i+1])
		}
	}
}

// FuzzCertificate: what passes says what was issued, whatever else its file holds.
func FuzzCertificate(f *testing.F) {
	d := destroyed(f)
	good := d.file()
	f.Add(good)
	for _, forge := range []func(*destruction){
		func(d *destruction) { d.issuer = nil },
		func(d *destruction) { d.c.Copies[4].Event = d.c.Copies[3].Event },
		func(d *destruction) { d.last = func(c *seal.Certificate) { c.Proof = c.Proof[:len(c.Proof)-5] } },
	} {
		forged := destroyed(f)
		forge(forged)
		f.Add(forged.file())
	}
	issued, _ := must2(seal.ParseCertificate(good))
	want := must(seal.Marshal(issued))
	f.Fuzz(func(t *testing.T, data []byte) {
		var c seal.Certificate
		var r *verify.Report
		fuzztest.Bounded(t, len(data), func() { c, r = d.policy.Certificate(data, time.Time{}) })
		if len(r.Checks) == 0 {
			t.Error("judged nothing")
		}
		if r.Verdict == verify.Passed && !bytes.Equal(must(seal.Marshal(c)), want) {
			t.Errorf("%q passes", data)
		}
	})
}

// FuzzCertificateParts is behind the signature: the log key signs whatever certificate. What passes is of the order and
// the event that were signed.
func FuzzCertificateParts(f *testing.F) {
	d := destroyed(f)
	d.file()
	f.Add(must(seal.Marshal(d.c)))
	for i := range d.c.Copies {
		c := d.c
		c.Copies = slices.Delete(slices.Clone(d.c.Copies), i, i+1)
		f.Add(must(seal.Marshal(c)))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		s := seal.Signed{PayloadType: seal.CertificateType, Payload: payload}
		s.Signatures = []seal.Signature{{KeyID: fmt.Sprintf("%s+%08x", origin, d.issuer[0].KeyHash()), Sig: must(d.issuer[0].Sign(s.Message()))}}
		c, r := d.policy.Certificate(must(s.Marshal()), time.Time{})
		if r.Verdict == verify.Passed && (c.Order != d.c.Order || c.Event != d.c.Event || len(c.Bundles) != 2 || len(c.Copies) < 3) {
			t.Errorf("%q passes", payload)
		}
	})
}
