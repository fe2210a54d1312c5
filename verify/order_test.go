package verify_test

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"strings"
	"testing"
	"time"

	"kartoteka/seal"
	"kartoteka/verify"
)

// laterPolicy is the example's at its end: two officers, one of them not for clocks.
func laterPolicy(t testing.TB) *verify.Policy {
	t.Helper()
	p, err := verify.ParsePolicy(vector(t, "policy-3.json"))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestLaterPolicyAgain(t *testing.T) {
	p := laterPolicy(t)
	data, err := p.Marshal()
	if err != nil || !bytes.Equal(data, vector(t, "policy-3.json")) {
		t.Errorf("got %s, %v", data, err)
	}
	if len(p.Officers) != 2 || len(p.Officers[1].Roles) != 3 || p.Controller == nil || p.Retention == nil || len(p.Retention.Overrides) != 1 {
		t.Errorf("got %+v", p)
	}
	p.Officers[0].Roles = verify.Roles()
	if _, err := verify.ParsePolicy(must(p.Marshal())); err != nil {
		t.Errorf("with every role: %v", err)
	}
	p.Officers[0].Roles = []verify.Role{"pope"}
	if _, err := verify.ParsePolicy(must(p.Marshal())); err == nil {
		t.Error("an unknown role is accepted")
	}
}

// signers sign a message, each under a name.
func signers(t testing.TB, message []byte, names, keys []string) (list []seal.OfficerSignature) {
	for i, name := range names {
		signer, _ := producer(t, keys[i])
		list = append(list, seal.OfficerSignature{Name: name, Signature: must(signer.SignMessage(bytes.NewReader(message)))})
	}
	slices.SortFunc(list, func(a, b seal.OfficerSignature) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// twoOfficers are the ways in which two people decide, or do not; each caller has it judged for a role.
var twoOfficers = []struct {
	name   string
	signed []string // names
	by     []string // keys; none: each by the own
	change func(t *testing.T, p *verify.Policy, list []seal.OfficerSignature)
	want   string
}{
	{name: "two", signed: []string{"archivist", "director"}, want: "passed"},
	{name: "three", signed: []string{"archivist", "director", "owner"}, want: "passed"},
	{name: "nobody", want: "officers"},
	{name: "one", signed: []string{"archivist"}, want: "officers"},
	{name: "a stranger beside one", signed: []string{"archivist", "stranger"}, want: "officers"},
	{name: "a stranger beside two", signed: []string{"archivist", "director", "stranger"}, want: "officers"},
	{name: "a stranger in an officer's name", signed: []string{"archivist", "director"}, by: []string{"archivist", "stranger"}, want: "officers"},
	{name: "one in both names", signed: []string{"archivist", "director"}, by: []string{"archivist", "archivist"}, want: "officers"},
	{name: "each in the other's name", signed: []string{"archivist", "director"}, by: []string{"director", "archivist"}, want: "officers"},
	{name: "one key under two names", signed: []string{"archivist", "owner"}, by: []string{"archivist", "archivist"},
		change: func(_ *testing.T, p *verify.Policy, _ []seal.OfficerSignature) { p.Officers[2].Key = p.Officers[0].Key }, want: "officers"},
	{name: "one key under two names, and another", signed: []string{"archivist", "director", "owner"}, by: []string{"archivist", "director", "archivist"},
		change: func(_ *testing.T, p *verify.Policy, _ []seal.OfficerSignature) { p.Officers[2].Key = p.Officers[0].Key }, want: "passed"},
	{name: "a bad signature beside two good ones", signed: []string{"archivist", "director", "owner"},
		change: func(_ *testing.T, _ *verify.Policy, l []seal.OfficerSignature) { l[2].Signature[5] ^= 1 }, want: "officers"},
	{name: "a bit", signed: []string{"archivist", "director"},
		change: func(_ *testing.T, _ *verify.Policy, l []seal.OfficerSignature) { l[0].Signature[63] ^= 1 }, want: "officers"},
	{name: "ended", signed: []string{"archivist", "director"},
		change: func(_ *testing.T, p *verify.Policy, _ []seal.OfficerSignature) {
			p.Officers[1].Until = stamp("2046-01-01")
		}, want: "officers"},
	{name: "ended that very second", signed: []string{"archivist", "director"},
		change: func(_ *testing.T, p *verify.Policy, _ []seal.OfficerSignature) {
			at := decided
			p.Officers[1].Until = &at
		}, want: "officers"},
	{name: "ended since", signed: []string{"archivist", "director"},
		change: func(_ *testing.T, p *verify.Policy, _ []seal.OfficerSignature) {
			p.Officers[1].Until = stamp("2047-12-01")
		}, want: "passed"},
	{name: "not yet", signed: []string{"archivist", "director"},
		change: func(_ *testing.T, p *verify.Policy, _ []seal.OfficerSignature) {
			p.Officers[1].From = stamp("2047-12-01")
		}, want: "officers"},
	{name: "from that very second", signed: []string{"archivist", "director"},
		change: func(_ *testing.T, p *verify.Policy, _ []seal.OfficerSignature) {
			at := decided
			p.Officers[1].From = &at
		}, want: "passed"},
	{name: "another key since", signed: []string{"archivist", "director"},
		change: func(t *testing.T, p *verify.Policy, _ []seal.OfficerSignature) {
			_, later := producer(t, "director 2")
			p.Officers[1].Until = stamp("2047-12-01")
			p.Officers = append(p.Officers, verify.Officer{Name: "director", Key: later, From: stamp("2047-12-01")})
		}, want: "passed"},
	{name: "another key before", signed: []string{"archivist", "director"},
		change: func(t *testing.T, p *verify.Policy, _ []seal.OfficerSignature) {
			_, former := producer(t, "director 0")
			p.Officers[1].From = stamp("2046-01-01")
			p.Officers = append([]verify.Officer{{Name: "director", Key: former, Until: stamp("2046-01-01")}}, p.Officers...)
		}, want: "passed"},
}

// decided is when two officers decided.
var decided = at("2047-01-20T09:00:00Z")

// judgeOfficers tries each of twoOfficers, and every role that does not suffice, on a decision.
func judgeOfficers(t *testing.T, role verify.Role, message []byte, judge func(*verify.Policy, []seal.OfficerSignature) error) {
	policy := func() *verify.Policy {
		p := examplePolicy(t)
		for _, name := range []string{"archivist", "director", "owner"} {
			_, key := producer(t, name)
			p.Officers = append(p.Officers, verify.Officer{Name: name, Key: key})
		}
		return p
	}
	for _, tt := range twoOfficers {
		t.Run(tt.name, func(t *testing.T) {
			p, by := policy(), tt.by
			if by == nil {
				by = tt.signed
			}
			list := signers(t, message, tt.signed, by)
			if tt.change != nil {
				tt.change(t, p, list)
			}
			if got := outcome(judge(p, list)); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
	for _, r := range verify.Roles() {
		p, want := policy(), "officers"
		p.Officers[1].Roles = []verify.Role{r}
		if r == role {
			want = "passed"
		}
		list := signers(t, message, []string{"archivist", "director"}, []string{"archivist", "director"})
		if got := outcome(judge(p, list)); got != want {
			t.Errorf("an officer for %s alone decides as %s: %s, want %s", r, role, got, want)
		}
		p.Officers[1].Roles = append(p.Officers[1].Roles, role)
		if got := outcome(judge(p, list)); got != "passed" {
			t.Errorf("an officer for %s and %s: %s", r, role, got)
		}
	}
}

func TestOrderOfficers(t *testing.T) {
	o, s := must2(seal.ParseOrder(vector(t, "order-1.json")))
	judgeOfficers(t, verify.RoleDisposal, s.Message(), func(p *verify.Policy, list []seal.OfficerSignature) error {
		signed := seal.Signed{Payload: s.Payload, PayloadType: s.PayloadType}
		var names []string
		for _, sig := range list {
			signed.Signatures = append(signed.Signatures, seal.Signature{KeyID: sig.Name, Sig: sig.Signature})
			names = append(names, sig.Name)
		}
		got, officers, err := p.Order(must(signed.Marshal()), decided.Time)
		if err == nil && (!slices.Equal(officers, names) || got.Number != o.Number) {
			t.Errorf("%s, signed by %v", got.Number, officers)
		}
		if err != nil && officers != nil {
			t.Errorf("refused, and signed by %v", officers)
		}
		return err
	})
}

var signedFor = seal.OrderLog{Size: 12}

func TestHoldReleaseOfficers(t *testing.T) {
	e := seal.Event{Time: decided}
	judgeOfficers(t, verify.RoleHold, seal.HoldReleaseMessage(origin, 9, signedFor), func(p *verify.Policy, list []seal.OfficerSignature) error {
		e.HoldRelease = &seal.HoldReleaseEvent{Hold: 9, Log: signedFor, Officers: list}
		return p.HoldRelease(e)
	})
	p := laterPolicy(t)
	for _, other := range []seal.HoldReleaseEvent{{Hold: 10, Log: signedFor}, {Hold: 9, Log: signedFor}} {
		other.Officers = signers(t, seal.HoldReleaseMessage(origin, 9, signedFor), []string{"archivist", "director"}, []string{"archivist", "director"})
		if got, want := outcome(p.HoldRelease(seal.Event{Time: decided, HoldRelease: &other})), map[bool]string{true: "passed", false: "officers"}[other.Hold == 9]; got != want {
			t.Errorf("signatures for hold 9 end hold %d: %s", other.Hold, got)
		}
	}
	p.Origin = "another.example/2026"
	if got := outcome(p.HoldRelease(must(seal.ParseEvent(vector(t, "event-hold-release.json"))))); got != "officers" {
		t.Errorf("signatures for one log end a hold of another: %s", got)
	}
}

func TestKeyOfficers(t *testing.T) {
	e := seal.Event{Accession: accession("2047/01/20-0001"), Time: decided, Key: &seal.KeyEvent{List: seal.Digest{1}, To: seal.Digest{2}, Keyfiles: 1}}
	judgeOfficers(t, verify.RoleCustody, e.RewrapMessage(origin), func(p *verify.Policy, list []seal.OfficerSignature) error {
		e.Key.Officers = list
		return p.Key(e)
	})
	p := laterPolicy(t)
	if got := p.Trusted(verify.RoleCustody, decided.Time); !slices.Equal(got, []string{"archivist", "director"}) {
		t.Errorf("%q may sign", got)
	}
	p.Officers[0].Until = stamp("2046-01-01")
	if got := p.Trusted(verify.RoleCustody, decided.Time); !slices.Equal(got, []string{"director"}) {
		t.Errorf("%q may sign after the archivist", got)
	}
	if got := p.Trusted(verify.RoleClock, decided.Time); len(got) != 0 {
		t.Errorf("%q may sign for a clock", got)
	}
}

func TestCustodyOfficers(t *testing.T) {
	transfer := seal.Digest(sha256.Sum256(vector(t, "transfer-1.json")))
	judgeOfficers(t, verify.RoleCustody, seal.TransferMessage(origin, transfer), func(p *verify.Policy, list []seal.OfficerSignature) error {
		return p.Custody(seal.Event{Time: decided, Custody: &seal.CustodyEvent{Transfer: transfer, Officers: list}})
	})
	p, e := laterPolicy(t), must(seal.ParseEvent(vector(t, "event-custody.json")))
	if got := outcome(p.Custody(e)); got != "passed" {
		t.Error(got)
	}
	e.Custody.Transfer[0] ^= 1
	if got := outcome(p.Custody(e)); got != "officers" {
		t.Errorf("to somebody else: %s", got)
	}
}

func TestClockOfficers(t *testing.T) {
	e := seal.Event{Kind: seal.KindClock, Accession: accession("2047/01/20-0001"), Time: decided, Clock: &seal.ClockEvent{Before: at("2046-01-01T00:00:00Z")}}
	judgeOfficers(t, verify.RoleClock, e.ClockMessage(origin), func(p *verify.Policy, list []seal.OfficerSignature) error {
		e.Clock.Officers = list
		return p.Clock(e)
	})
}

// An order is for one log, in one form, and nothing of it may change once it is signed.
func TestOrderForm(t *testing.T) {
	good := vector(t, "order-1.json")
	p := laterPolicy(t)
	if _, officers, err := p.Order(good, decided.Time); err != nil || !slices.Equal(officers, []string{"archivist", "director"}) {
		t.Fatalf("%v, %v", officers, err)
	}
	resigned := func(change func(*seal.Order)) []byte {
		o, _ := must2(seal.ParseOrder(good))
		change(&o)
		s := must(o.Sign())
		for _, sig := range signers(t, s.Message(), []string{"archivist", "director"}, []string{"archivist", "director"}) {
			s.Signatures = append(s.Signatures, seal.Signature{KeyID: sig.Name, Sig: sig.Signature})
		}
		return must(s.Marshal())
	}
	swapped, _ := must2(seal.ParseOrder(good))
	swapped.Bundles[0].Leaf = 3
	other := must(swapped.Sign())
	_, signed := must2(seal.ParseOrder(good))
	other.Signatures = signed.Signatures
	for _, tt := range []struct {
		name string
		data []byte
		at   time.Time
		want string
	}{
		{"another number, signed", resigned(func(o *seal.Order) { o.Number = "B-2/2047" }), decided.Time, "passed"},
		{"another log", resigned(func(o *seal.Order) { o.Origin = "another.example/2026" }), decided.Time, "order"},
		{"signatures of another order", must(other.Marshal()), decided.Time, "officers"},
		{"before the officers were", good, day("2026-11-01"), "passed"}, // the example's have no beginning
		{"cut", good[:len(good)-1], decided.Time, "order"},
		{"nothing", nil, decided.Time, "order"},
		{"a certificate", vector(t, "certificate-1.json"), decided.Time, "order"},
	} {
		if _, _, err := p.Order(tt.data, tt.at); outcome(err) != tt.want {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
	}
	for i := range good {
		data := bytes.Clone(good)
		data[i] ^= 1
		if _, _, err := p.Order(data, decided.Time); err == nil {
			t.Fatalf("byte %d of %d may be changed: %q", i, len(good), data[max(0, i-20):i+1])
		}
	}
}

// The example's certificate holds under the policy of its end, and not under the one without officers.
func TestCertificateVector(t *testing.T) {
	data := vector(t, "certificate-1.json")
	if c, r := laterPolicy(t).Certificate(data, time.Time{}); r.Verdict != verify.Passed || len(c.Keyfiles) != 6 || r.Counts["documents"] != 2 {
		t.Errorf("got %+v", r)
	}
	if _, r := examplePolicy(t).Certificate(data, time.Time{}); r.Verdict != verify.Failed {
		t.Errorf("under the first policy: %+v", r)
	}
}
