package verify_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"kartoteka/seal"
	"kartoteka/verify"
)

// wholeLog is the example's log to its end: what follows exampleLog.
var wholeLog = append(slices.Clone(exampleLog), "event-6-trust.json", "event-7-accession.json",
	"event-fact.json", "event-hold.json", "event-step.json", "event-11-accession.json", "event-hold-release.json", "event-13-accession.json",
	"event-key.json", "event-15-accession.json", "event-disposal.json", "event-17-segment-retired.json", "event-18-segment-retired.json",
	"event-19-segment-retired.json", "event-20-accession.json", "event-custody.json", "event-22-trust.json", "event-23-accession.json")

func wholeLeaves(t testing.TB) (leaves [][]byte) {
	for _, name := range wholeLog {
		leaves = append(leaves, vector(t, name))
	}
	return leaves
}

func TestEventsWhole(t *testing.T) {
	var intakes []verify.Intake
	var seen []seal.Kind
	v := &verify.Events{Policy: laterPolicy(t), Done: func(in verify.Intake) { intakes = append(intakes, in) }}
	v.Seen = func(i seal.LeafIndex, e seal.Event) {
		if int(i) != len(seen) {
			t.Errorf("event %d is seen after %d", i, len(seen))
		}
		seen = append(seen, e.Kind)
	}
	for _, leaf := range wholeLeaves(t) {
		if err := v.Leaf(leaf); err != nil {
			t.Fatal(err)
		}
	}
	policy, unknown, err := v.End()
	if err != nil || unknown != 0 || policy != verify.Digest(vector(t, "policy-3.json")) || len(intakes) != 9 {
		t.Fatalf("policy %s, %d unknown, %d intakes, %v", policy, unknown, len(intakes), err)
	}
	if len(seen) != len(wholeLog) || seen[8] != seal.KindFact || seen[16] != seal.KindDisposal {
		t.Errorf("seen %v", seen)
	}
	if in := intakes[4]; in.Bundles != 0 || in.Releases != 0 || in.Leaf != 11 || len(in.Files.Keyfiles) != 1 || in.Files.Keyfiles[0].Records != 3 {
		t.Errorf("the acts' accession: %+v", in)
	}
}

// An event that cannot be there is not seen.
func TestEventsSeen(t *testing.T) {
	leaves := wholeLeaves(t)
	edit(t, leaves, 9, func(e *seal.Event) { e.Act.Record = 2 })
	n := 0
	v := &verify.Events{Seen: func(seal.LeafIndex, seal.Event) { n++ }}
	for i, leaf := range leaves[:10] {
		if err := v.Leaf(leaf); (err != nil) != (i == 9) {
			t.Fatalf("event %d: %v", i, err)
		}
	}
	if n != 9 {
		t.Errorf("%d events were seen", n)
	}
}

func TestEventsLaterFaults(t *testing.T) {
	type leaves = [][]byte
	release := func(hold seal.LeafIndex, names ...string) func(*testing.T, leaves, *verify.Policy) {
		return func(t *testing.T, l leaves, _ *verify.Policy) {
			edit(t, l, 12, func(e *seal.Event) {
				e.HoldRelease.Log.Size = max(e.HoldRelease.Log.Size, int64(hold)+1)
				e.HoldRelease.Hold, e.HoldRelease.Officers = hold, signers(t, seal.HoldReleaseMessage(origin, hold, e.HoldRelease.Log), names, names)
			})
		}
	}
	for _, tt := range []struct {
		name   string
		change func(t *testing.T, l leaves, p *verify.Policy)
		want   string // in the error
	}{
		{"fact's record", func(t *testing.T, l leaves, _ *verify.Policy) {
			edit(t, l, 8, func(e *seal.Event) { e.Act.Record = 1 })
		}, "event 8: its record does not follow"},
		{"two acts of one record", func(t *testing.T, l leaves, _ *verify.Policy) {
			edit(t, l, 9, func(e *seal.Event) { e.Act.Record = 0 })
		}, "event 9: its record does not follow"},
		{"an act's record left out", func(t *testing.T, l leaves, _ *verify.Policy) {
			edit(t, l, 10, func(e *seal.Event) { e.Act.Record = 3 })
		}, "event 10: its record does not follow"},
		{"an act more", func(t *testing.T, l leaves, _ *verify.Policy) {
			edit(t, l, 11, func(e *seal.Event) { e.Accessioned.Keyfiles[0].Records = 2 })
		}, "index.keys has 2 records, the events speak for 3"},
		{"an act less", func(t *testing.T, l leaves, _ *verify.Policy) {
			edit(t, l, 11, func(e *seal.Event) { e.Accessioned.Keyfiles[0].Records = 4 })
		}, "index.keys has 4 records, the events speak for 3"},
		{"acts without a keyfile", func(t *testing.T, l leaves, _ *verify.Policy) {
			edit(t, l, 11, func(e *seal.Event) { e.Accessioned.Keyfiles = []seal.KeyfileSum{} })
		}, "no index.keys, but the events speak for 3"},
		{"release's act", func(t *testing.T, l leaves, _ *verify.Policy) {
			edit(t, l, 4, func(e *seal.Event) { e.Release.Act = 1 })
		}, "event 4: its records do not follow"},
		{"release without the act's keyfile", func(t *testing.T, l leaves, _ *verify.Policy) {
			edit(t, l, 5, func(e *seal.Event) { e.Accessioned.Keyfiles = e.Accessioned.Keyfiles[:1] })
		}, "no index.keys, but the events speak for 1"},
		{"the end of a later hold", release(12, "archivist", "director"), "names an event that is not before it"},
		{"the end of another hold", func(t *testing.T, l leaves, _ *verify.Policy) {
			edit(t, l, 12, func(e *seal.Event) { e.HoldRelease.Hold = 8 })
		}, "the signature of officer archivist does not hold"},
		{"a hold ended by strangers", release(9, "anna", "jan"), `trusts no officer "anna" for hold`},
		{"a hold ended by one for clocks", func(_ *testing.T, _ leaves, p *verify.Policy) {
			p.Officers[0].Roles = []verify.Role{verify.RoleClock}
		}, `trusts no officer "archivist" for hold`},
		{"a hold ended after the officer", func(_ *testing.T, _ leaves, p *verify.Policy) { p.Officers[1].Until = stamp("2046-12-01") }, `trusts no officer "director" for hold`},
		{"passed on to somebody else", func(t *testing.T, l leaves, _ *verify.Policy) {
			edit(t, l, 21, func(e *seal.Event) { e.Custody.Transfer[3] ^= 1 })
		}, "the signature of officer archivist does not hold"},
		{"passed on by one for disposals", func(_ *testing.T, _ leaves, p *verify.Policy) {
			p.Officers[1].Roles = []verify.Role{verify.RoleHold, verify.RoleDisposal}
		}, `trusts no officer "director" for custody`},
		{"secrets other than those that were signed", func(t *testing.T, l leaves, _ *verify.Policy) {
			edit(t, l, 14, func(e *seal.Event) { e.Key.List[3] ^= 1 })
		}, "event 14: the signature of officer archivist does not hold"},
		{"recipients other than those that were signed", func(t *testing.T, l leaves, _ *verify.Policy) {
			edit(t, l, 14, func(e *seal.Event) { e.Key.To[3] ^= 1 })
		}, "event 14: the signature of officer archivist does not hold"},
		{"a rewrapping signed for another accession", func(t *testing.T, l leaves, _ *verify.Policy) {
			edit(t, l, 14, func(e *seal.Event) {
				then := *e
				then.Accession = accession("2046/12/01-0001")
				names := []string{"archivist", "director"}
				e.Key.Officers = signers(t, then.RewrapMessage(origin), names, names)
			})
		}, "event 14: the signature of officer archivist does not hold"},
		{"other recipients than the key event's", func(t *testing.T, l leaves, _ *verify.Policy) {
			edit(t, l, 15, func(e *seal.Event) { e.Accessioned.To[3] ^= 1 })
		}, "event 15: names other recipients than its key event"},
		{"other recipients at an intake", func(t *testing.T, l leaves, _ *verify.Policy) {
			edit(t, l, 3, func(e *seal.Event) { e.Accessioned.To[3] ^= 1 })
		}, "event 3: changes the recipients without two officers"},
		{"other recipients after a rewrapping", func(t *testing.T, l leaves, _ *verify.Policy) {
			edit(t, l, 20, func(e *seal.Event) { e.Accessioned.To[3] ^= 1 })
		}, "event 20: changes the recipients without two officers"},
		{"a segment retired by a later disposal", func(t *testing.T, l leaves, _ *verify.Policy) {
			edit(t, l, 17, func(e *seal.Event) { e.Retired.Order = 17 })
		}, "under another order"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, p := wholeLeaves(t), laterPolicy(t)
			tt.change(t, l, p)
			v, err := &verify.Events{Policy: p}, error(nil)
			for _, leaf := range l {
				if err = v.Leaf(leaf); err != nil {
					break
				}
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) || outcome(err) != "event" {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// Who has no policy at hand reads on: signatures are not judged then, numbers are.
func TestEventsWithoutPolicy(t *testing.T) {
	leaves := wholeLeaves(t)
	edit(t, leaves, 12, func(e *seal.Event) { e.HoldRelease.Officers[0].Signature = []byte("x") })
	v := &verify.Events{}
	for _, leaf := range leaves {
		if err := v.Leaf(leaf); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := v.End(); err != nil {
		t.Error(err)
	}
}

// Acts, entries and releases share the index keyfile of an accession: each takes the next record, in the order of the events.
func TestEventsMixedAccession(t *testing.T) {
	bundle, release := must(seal.ParseEvent(vector(t, "event-2-bundle.json"))), must(seal.ParseEvent(vector(t, "event-4-release.json")))
	end := must(seal.ParseEvent(vector(t, "event-3-accession.json")))
	carried := seal.Event{Kind: seal.KindCarried, Act: &seal.ActEvent{Record: 2}}
	run := func(change func(bundle *seal.BundleEvent, release *seal.ReleaseEvent, carried *seal.ActEvent, end *seal.AccessionEvent)) error {
		b, r, c, a := *bundle.Bundle, *release.Release, *carried.Act, *end.Accessioned
		r.Content, r.Act, a.Events = 3, 1, 3
		a.Keyfiles = slices.Clone(a.Keyfiles)
		a.Keyfiles[0].Records, a.Keyfiles[2].Records = 4, 3
		change(&b, &r, &c, &a)
		v := &verify.Events{}
		leaves := exampleLeaves(t)[:2]
		for _, e := range []seal.Event{{Kind: seal.KindBundle, Bundle: &b}, {Kind: seal.KindRelease, Release: &r}, {Kind: seal.KindCarried, Act: &c}, {Kind: seal.KindAccession, Accessioned: &a}} {
			e.Accession, e.Time = end.Accession, seal.At(end.Time.Add(time.Hour))
			leaves = append(leaves, must(e.Marshal()))
		}
		for _, leaf := range leaves {
			if err := v.Leaf(leaf); err != nil {
				return err
			}
		}
		_, _, err := v.End()
		return err
	}
	type (
		B = seal.BundleEvent
		R = seal.ReleaseEvent
		C = seal.ActEvent
		A = seal.AccessionEvent
	)
	for name, tt := range map[string]struct {
		change func(*B, *R, *C, *A)
		ok     bool
	}{
		"in order":              {func(*B, *R, *C, *A) {}, true},
		"release and act swap":  {func(_ *B, r *R, c *C, _ *A) { r.Act, c.Record = 2, 1 }, false},
		"entry's record again":  {func(_ *B, r *R, _ *C, _ *A) { r.Act = 0 }, false},
		"entry skipped":         {func(b *B, _ *R, _ *C, _ *A) { b.Entry = 1 }, false},
		"release's entry again": {func(_ *B, r *R, _ *C, _ *A) { r.Content = 2 }, false},
		"one record unclaimed":  {func(_ *B, _ *R, _ *C, a *A) { a.Keyfiles[2].Records = 4 }, false},
	} {
		if err := run(tt.change); (err == nil) != tt.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}
