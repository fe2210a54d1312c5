package seal_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"kartoteka/seal"
)

func TestOrder(t *testing.T) {
	data := vector(t, "order-1.json")
	o, s, err := seal.ParseOrder(data)
	if err != nil {
		t.Fatal(err)
	}
	if o.Documents() != 2 || o.Number != "B-1/2047" || len(s.Signatures) != 2 || s.Signatures[0].KeyID != "archivist" {
		t.Errorf("got %+v, %+v", o, s)
	}
	unsigned, err := o.Sign()
	if err != nil || !bytes.Equal(unsigned.Payload, s.Payload) || len(unsigned.Signatures) != 0 {
		t.Errorf("written again it is %s, %v", unsigned.Payload, err)
	}
	again, err := unsigned.Marshal() // nobody has signed yet: officers hand it round like that
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := seal.ParseOrder(again); err != nil {
		t.Errorf("before anybody signed: %v", err)
	}
	if _, _, err := seal.ParseCertificate(data); err == nil {
		t.Error("an order passes for a certificate")
	}
}

// Officers sign in any order, each once, and the file comes out the same.
func TestSignedAdd(t *testing.T) {
	_, whole, err := seal.ParseOrder(vector(t, "order-1.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, order := range [][]int{{0, 1}, {1, 0}} {
		s := seal.Signed{Payload: whole.Payload, PayloadType: whole.PayloadType}
		for _, i := range order {
			if err := s.Add(whole.Signatures[i]); err != nil {
				t.Fatal(err)
			}
		}
		if data, err := s.Marshal(); err != nil || !bytes.Equal(data, vector(t, "order-1.json")) {
			t.Errorf("signed in order %v: %s, %v", order, data, err)
		}
		if s.Add(seal.Signature{KeyID: "director", Sig: []byte("x")}) == nil || len(s.Signatures) != 2 {
			t.Error("one signs twice")
		}
	}
	many := seal.Signed{Payload: whole.Payload, PayloadType: whole.PayloadType}
	for i := range 17 {
		if err := many.Add(seal.Signature{KeyID: string(rune('a' + i)), Sig: []byte("x")}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := seal.ParseSigned(first(many.Marshal()), seal.OrderType); err == nil {
		t.Error("17 signatures are accepted")
	}
	many.Signatures = many.Signatures[:16]
	if _, err := seal.ParseSigned(first(many.Marshal()), seal.OrderType); err != nil {
		t.Error(err)
	}
	if _, err := seal.ParseSigned(make([]byte, seal.MaxSigned+1), seal.OrderType); err == nil {
		t.Error("a file of more than 64 MiB is accepted")
	}
}

// What cannot be ordered is not written either. What a reader refuses besides is in bad/order-*.
func TestOrderSign(t *testing.T) {
	good, _, err := seal.ParseOrder(vector(t, "order-1.json"))
	if err != nil {
		t.Fatal(err)
	}
	var many []seal.OrderBundle
	for i := range seal.MaxOrder + 1 {
		many = append(many, seal.OrderBundle{Leaf: seal.LeafIndex(i), Documents: 1, Due: date("2047-01-01")})
	}
	for name, change := range map[string]func(*seal.Order){
		"nothing":          func(o *seal.Order) { *o = seal.Order{} },
		"no bundle":        func(o *seal.Order) { o.Bundles = nil },
		"too many bundles": func(o *seal.Order) { o.Log.Size, o.Bundles = seal.MaxOrder+1, many },
		"no end":           func(o *seal.Order) { o.Until = seal.Date{} },
		"unused rule": func(o *seal.Order) {
			o.Rules = append(o.Rules, seal.OrderRule{Schedule: seal.Digest{255}, ID: "x", Citation: "x"})
		},
		"act beyond": func(o *seal.Order) { o.Acts = []seal.LeafIndex{16} },
	} {
		o := good
		o.Rules = slices.Clone(good.Rules)
		change(&o)
		if _, err := o.Sign(); err == nil {
			t.Errorf("%s: is written", name)
		}
	}
	most := good
	most.Log.Size, most.Bundles, most.Acts, most.Released = seal.MaxOrder, many[:seal.MaxOrder], nil, nil
	s, err := most.Sign()
	if err != nil {
		t.Fatal(err)
	}
	data, err := s.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if o, _, err := seal.ParseOrder(data); err != nil || o.Documents() != seal.MaxOrder || o.Acts == nil || o.Released == nil {
		t.Errorf("%d documents, %v", o.Documents(), err)
	}
}

func TestCertificateForm(t *testing.T) {
	data := vector(t, "certificate-1.json")
	c, s, err := seal.ParseCertificate(data)
	if err != nil {
		t.Fatal(err)
	}
	if c.Order != string(vector(t, "order-1.json")) || c.Event != string(vector(t, "event-disposal.json")) || len(s.Signatures) != 1 {
		t.Errorf("got %+v", c)
	}
	again, err := c.Sign()
	if err != nil || !bytes.Equal(again.Payload, s.Payload) {
		t.Errorf("written again it is %s, %v", again.Payload, err)
	}
	c.Segments = nil // none was deleted
	if again, err = c.Sign(); err != nil || !bytes.Contains(again.Payload, []byte(`"segments":[]`)) {
		t.Errorf("without segments: %v", err)
	}
	if _, err := (seal.Certificate{}).Sign(); err == nil {
		t.Error("a certificate of nothing is written")
	}
}

func TestRewrapping(t *testing.T) {
	r, err := seal.ParseRewrapping(vector(t, "rewrapping-1.json"))
	if err != nil {
		t.Fatal(err)
	}
	k := exampleKeyfile(t, "content-1-rewrapped.keys")
	if d, ok := r.Find(k.Head.Accession, k.Head.Class); !ok || d != must(k.SecretsSum()) {
		t.Errorf("the rewrapped keyfile's secrets are %s, %v", d, ok)
	}
	if _, ok := r.Find(k.Head.Accession, seal.ClassIndex); ok {
		t.Error("a keyfile that was not rewrapped is found")
	}
	if _, ok := r.Find(accession("2026/11/22-0001"), seal.ClassContent); ok {
		t.Error("a keyfile of another accession is found")
	}
}

// What officers sign names the log: a signature of one archive is worth nothing in another.
func TestMessages(t *testing.T) {
	key := must(seal.ParseEvent(vector(t, "event-key.json")))
	for _, tt := range []struct{ got, want string }{
		{string(seal.HoldReleaseMessage("log.example/1", 9, seal.OrderLog{Size: 12})), "kartoteka/hold-release/1\nlog.example/1\n9\n12\n" + strings.Repeat("0", 64) + "\n"},
		{string(seal.TransferMessage("log.example/1", seal.Digest{0xab})), "kartoteka/transfer/1\nlog.example/1\nab00000000000000000000000000000000000000000000000000000000000000\n"},
		{string(key.RewrapMessage("log.example/1")), "kartoteka/rewrap/1\nlog.example/1\n2046/12/02-0001\n" + exampleList + "\n" + exampleTo + "\n"},
		{string(seal.Signed{PayloadType: "t/x", Payload: []byte("yes")}.Message()), "DSSEv1 3 t/x 3 yes"},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}
