package certpage

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"kartoteka/seal"
)

// sample is a certificate of n bundles, with all that a page needs. Its signatures are not judged here.
func sample(t testing.TB, n int) (seal.Certificate, seal.Order, seal.Event, seal.LeafIndex) {
	t.Helper()
	const origin = "kartoteka.hospital.example/2026"
	sum := func(format string, args ...any) seal.Digest { return sha256.Sum256(fmt.Appendf(nil, format, args...)) }
	when := func(s string) seal.Time {
		at, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return seal.At(at)
	}
	rules := []seal.OrderRule{
		{Schedule: sum("pl"), ID: "pl.general.20y", Citation: "ustawa z 6.11.2008 o prawach pacjenta i Rzeczniku Praw Pacjenta, art. 29 ust. 1"},
		{Schedule: sum("pl"), ID: "pl.referral.5y", Citation: "ustawa z 6.11.2008 o prawach pacjenta i Rzeczniku Praw Pacjenta, art. 29 ust. 1 pkt 3"},
		{Schedule: sum("ua"), ID: "ua.003o.25y", Citation: "наказ МОЗ України від 14.02.2012 № 110, форма № 003/о"},
	}
	o := seal.Order{Schema: seal.SpecOrder, Origin: origin, Number: "D/2048/1", Made: seal.Date{Year: 2048, Month: 1, Day: 10}, Until: seal.Date{Year: 2048, Month: 2, Day: 10},
		Log: seal.OrderLog{Size: int64(4*n + 20), Root: sum("log")}, Rules: rules, Acts: []seal.LeafIndex{3, 5}, Released: []seal.LeafIndex{3, 103}}
	c := seal.Certificate{Schema: seal.SpecCertificate, Origin: origin, Controller: seal.Controller{Name: "Szpital Wojewódzki im. Jana Testowego", Country: "PL"},
		System: seal.System{Name: "kartoteka", Version: "1.4.0"}, Issued: when("2048-01-12T09:05:11Z"), Segments: []seal.Gone{}}
	documents := 0
	for i := range n {
		b := seal.OrderBundle{Leaf: seal.LeafIndex(4*i + 7), Documents: i%9 + 1, Due: seal.Date{Year: 2048, Month: 1, Day: 1}, Rule: i % 3}
		documents += b.Documents
		o.Bundles = append(o.Bundles, b)
		c.Bundles = append(c.Bundles, seal.Destroyed{Leaf: b.Leaf, ID: sum("id %d", i), Root: sum("root %d", i), Leaves: b.Documents + 1, Time: when("2026-11-21T20:00:00Z")})
	}
	for i := range n/20 + 1 {
		id := seal.AccessionID{Year: 2026, Month: 11, Day: 21, Number: i + 1}
		for _, class := range seal.Classes() {
			c.Keyfiles = append(c.Keyfiles, seal.Rewritten{Accession: id, Class: class, Root: sum("%s %s", id, class), Generation: 9, Shredded: []int{0, 1, 2}})
		}
		c.Segments = append(c.Segments, seal.Gone{Accession: id, Segment: 1})
	}
	c.Copies = []seal.Copy{{Kind: seal.CopyLocal, Where: "keyfiles", State: seal.CopyDestroyed}, {Kind: seal.CopyLocal, Where: "keyfiles.2", State: seal.CopyDestroyed},
		{Kind: seal.CopyIndex, State: seal.CopyDestroyed}, {Kind: seal.CopyOffline, State: seal.CopyUnknown}}
	for i, at := range []string{"2031-05-06T10:12:00Z", "2040-03-01T08:30:00Z"} {
		leaf, made := seal.LeafIndex(100*i+3), when(at)
		c.Copies = append(c.Copies, seal.Copy{Kind: seal.CopyRelease, Event: &leaf, Time: &made, State: seal.CopyBeyond})
	}
	c.Order = "the order"
	e := seal.Event{Schema: seal.SpecEvent, Kind: seal.KindDisposal, Accession: seal.AccessionID{Year: 2048, Month: 1, Day: 12, Number: 1}, Time: when("2048-01-12T09:00:00Z"),
		Disposal: &seal.DisposalEvent{Order: sum("order"), Bundles: n, Documents: documents}}
	skey, _, err := note.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{7}, 64)), origin)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	leaf := seal.LeafIndex(o.Log.Size + 3)
	signed, err := seal.Checkpoint{Origin: origin, Size: o.Log.Size + 9, Root: sum("root")}.Sign(signer)
	if err != nil {
		t.Fatal(err)
	}
	c.Proof = string(seal.Proof{Index: leaf, Path: []seal.Digest{sum("a"), sum("b")}, Checkpoint: signed}.Marshal())
	return c, o, e, leaf
}

func written(t testing.TB, c seal.Certificate, o seal.Order, e seal.Event, leaf seal.LeafIndex) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, c, o, []string{"anna_nowak", "jan_kowalski"}, e, leaf); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Every label the page asks for is there in every language, and none is there that it does not ask for.
func TestLabels(t *testing.T) {
	all, err := readLabels()
	if err != nil {
		t.Fatal(err)
	}
	asked := map[string]bool{}
	for _, m := range regexp.MustCompile(`\.(?:T|All) "(\w+)"`).FindAllStringSubmatch(pageText, -1) {
		asked[m[1]] = true
	}
	c, o, _, _ := sample(t, 3)
	for _, a := range annexes(c, o) {
		asked[a.Title] = true
		for _, col := range a.Columns {
			asked[col.Label] = true
		}
	}
	asked["index"] = true // section.Confirmed
	for key, texts := range all {
		if !asked[key] {
			t.Errorf("nobody asks for label %q", key)
		}
		if len(texts) != len(languages) {
			t.Errorf("label %q is in %d languages", key, len(texts))
		}
		for _, l := range languages {
			if s := texts[l.Code]; strings.TrimSpace(s) == "" || s != strings.TrimSpace(s) {
				t.Errorf("label %q in %s: %q", key, l.Code, s)
			}
		}
		if cyrillic := regexp.MustCompile(`\p{Cyrillic}`); !cyrillic.MatchString(texts["uk"]) && key != "index" {
			t.Errorf("label %q is not in Ukrainian: %q", key, texts["uk"])
		}
	}
	for key := range asked {
		if all[key] == nil {
			t.Errorf("no label %q", key)
		}
	}
}

// What the page says of a certificate, in each language.
func TestWrite(t *testing.T) {
	c, o, e, leaf := sample(t, 12)
	got := written(t, c, o, e, leaf)
	for _, want := range []string{
		"Szpital Wojewódzki im. Jana Testowego", "kartoteka 1.4.0", "D/2048/1", "anna_nowak, jan_kowalski", c.Origin, "keyfiles.2",
		"12 stycznia 2048, godz. 09:00:00 UTC", "12 січня 2048 р., 09:00:00 UTC", "2048 m. sausio 12 d., 09:00:00 UTC", "12 January 2048, 09:00:00 UTC",
		"Zaświadczenie o zniszczeniu dokumentacji medycznej", "Акт (засвідчення) про знищення медичних записів", "Medicininių dokumentų sunaikinimo pažyma",
		"kartoteka verify certificate FILE --policy POLICY", "2040-03-01 08:30 UTC", "форма № 003/о", c.Bundles[11].Root.String(),
		`id="pl" lang="pl"`, `id="uk" lang="uk"`, `id="lt" lang="lt"`, `id="en" lang="en"`,
	} {
		if !strings.Contains(html.UnescapeString(got), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	for _, k := range c.Bundles {
		if n := strings.Count(got, k.ID.String()); n != 1 {
			t.Errorf("digest of event %d stands there %d times", k.Leaf, n)
		}
	}
	if strings.Contains(got, "ZgotmplZ") {
		t.Error("html/template refused a value")
	}
}

// The page runs nothing and asks nobody: no script, no reference but to itself, and a policy that says so to the browser.
func TestSelfContained(t *testing.T) {
	c, o, e, leaf := sample(t, 700)
	got := written(t, c, o, e, leaf)
	for _, bad := range []string{"<script", "<img", "<link", "<iframe", "<form", "@import", "url(", "http:", "https:", "style=", " on"} {
		if rest := strings.ToLower(got); bad != " on" && strings.Contains(rest, bad) || bad == " on" && regexp.MustCompile(`<[^>]* on\w+=`).MatchString(rest) {
			t.Errorf("the page has %q", bad)
		}
	}
	for _, m := range regexp.MustCompile(`(?:href|src|action)="([^"]*)"`).FindAllStringSubmatch(got, -1) {
		if id, ok := strings.CutPrefix(m[1], "#"); !ok || !strings.Contains(got, `id="`+id+`"`) {
			t.Errorf("the page leads to %q", m[1])
		}
	}
	style := regexp.MustCompile(`(?s)<style>(.*)</style>`).FindStringSubmatch(got)
	sum := sha256.Sum256([]byte(style[1]))
	policy := regexp.MustCompile(`Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(got)
	if want := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'"; html.UnescapeString(policy[1]) != want {
		t.Errorf("the policy is %s, want %s", html.UnescapeString(policy[1]), want)
	}
}

// Words from outside stay words.
func TestHostile(t *testing.T) {
	c, o, e, leaf := sample(t, 1)
	c.Controller.Name = "<script>alert(1)</script>\u202egnip"
	o.Number = "\"><img src=x onerror=alert(1)>\x1b[2J"
	o.Rules = slices.Clone(o.Rules)
	o.Rules[0].Citation = "</table></style><b onclick=x>"
	got := written(t, c, o, e, leaf)
	for _, bad := range []string{"<script", "<img", "<b onclick", "\u202e", "\x1b"} {
		if strings.Contains(got, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
}

// What does not fit together gives no page.
func TestWriteUnfit(t *testing.T) {
	for name, change := range map[string]func(*seal.Certificate, *seal.Order, *seal.Event){
		"fewer bundles": func(c *seal.Certificate, _ *seal.Order, _ *seal.Event) { c.Bundles = c.Bundles[:1] },
		"no proof":      func(c *seal.Certificate, _ *seal.Order, _ *seal.Event) { c.Proof = "" },
		"no disposal":   func(_ *seal.Certificate, _ *seal.Order, e *seal.Event) { e.Disposal = nil },
	} {
		c, o, e, leaf := sample(t, 2)
		change(&c, &o, &e)
		if err := Write(&bytes.Buffer{}, c, o, nil, e, leaf); err == nil {
			t.Errorf("%s: a page", name)
		}
	}
}

// A page of ten thousand bundles opens a little at a time: what is closed is not laid out.
func TestLong(t *testing.T) {
	c, o, e, leaf := sample(t, 10_000)
	got := written(t, c, o, e, leaf)
	if len(got) > 8<<20 {
		t.Errorf("the page has %d bytes", len(got))
	}
	if n := strings.Count(got, "<details"); n < 80 || strings.Count(got, "<tr>") < 20_000 {
		t.Errorf("%d blocks, %d rows", n, strings.Count(got, "<tr>"))
	}
	for _, open := range regexp.MustCompile(`(?s)<details open>.*?</details>`).FindAllString(got, -1) {
		if n := strings.Count(open, "<tr>"); n > blockRows+1 {
			t.Errorf("%d rows are open at once", n)
		}
	}
}

func TestDates(t *testing.T) {
	for i := range 12 {
		for _, l := range languages {
			got := l.day(seal.Date{Year: 2031, Month: time.Month(i + 1), Day: 5})
			if !strings.Contains(got, l.months[i]) || !strings.Contains(got, "2031") || !strings.Contains(got, "5") {
				t.Errorf("%s: %q", l.Code, got)
			}
		}
	}
	if got := languages[0].day(seal.Date{}); got != "" {
		t.Errorf("no day is %q", got)
	}
}
