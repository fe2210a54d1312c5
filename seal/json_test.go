package seal_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kartoteka/seal"
)

type sample struct {
	Name  string            `json:"name"`
	List  []int             `json:"list"`
	Inner *sample           `json:"inner,omitempty"`
	Map   map[string]string `json:"map,omitempty"`
	Raw   json.RawMessage   `json:"raw,omitempty"`
	When  *seal.Time        `json:"when"`
}

func TestJSONReaders(t *testing.T) {
	for _, tt := range []struct {
		name, text        string
		strict, canonical bool
	}{
		{"smallest", `{"name":"a","list":[],"when":null}`, true, true},
		{"all", `{"name":"a","list":[1,-2],"inner":{"name":"","list":[],"when":null},"map":{"a":"1","b":"2"},"raw":{"x":[null]},"when":"2026-11-21T20:00:00Z"}`, true, true},
		{"pair of surrogates", `{"name":"\ud83d\ude00","list":[],"when":null}`, true, false},
		{"white space", `{ "name":"a","list":[],"when":null}`, true, false},
		{"line feed", `{"name":"a","list":[],"when":null}` + "\n", true, false},
		{"order", `{"list":[],"name":"a","when":null}`, true, false},
		{"member missing", `{"name":"a","list":[]}`, true, false},
		{"null list", `{"name":"a","list":null,"when":null}`, true, false},
		{"null text", `{"name":null,"list":[],"when":null}`, true, false},
		{"empty optional", `{"name":"a","list":[],"map":{},"when":null}`, true, false},
		{"map order", `{"name":"a","list":[],"map":{"b":"2","a":"1"},"when":null}`, true, false},
		{"escape", `{"name":"\u0061","list":[],"when":null}`, true, false},
		{"html escape", `{"name":"\u003c","list":[],"when":null}`, true, false},
		{"html", `{"name":"<&>","list":[],"when":null}`, true, true},
		{"line separator", "{\"name\":\"\u2028\",\"list\":[],\"when\":null}", true, false},
		{"escaped separator", `{"name":"\u2028","list":[],"when":null}`, true, true},
		{"minus zero", `{"name":"a","list":[-0],"when":null}`, true, false},

		{"unknown", `{"name":"a","list":[],"when":null,"more":1}`, false, false},
		{"case", `{"Name":"a","list":[],"when":null}`, false, false},
		{"inner case", `{"name":"a","list":[],"inner":{"NAME":"","list":[],"when":null},"when":null}`, false, false},
		{"long s", `{"name":"a","liſt":[],"when":null}`, false, false},
		{"twice", `{"name":"a","name":"a","list":[],"when":null}`, false, false},
		{"twice by case", `{"name":"a","Name":"a","list":[],"when":null}`, false, false},
		{"twice in a map", `{"name":"a","list":[],"map":{"a":"1","a":"1"},"when":null}`, false, false},
		{"twice in raw", `{"name":"a","list":[],"raw":{"a":1,"a":1},"when":null}`, false, false},
		{"twice by escape", `{"name":"a","list":[],"raw":{"a":1,"\u0061":1},"when":null}`, false, false},
		{"high surrogate", `{"name":"\ud83d","list":[],"when":null}`, false, false},
		{"low surrogate", `{"name":"\ude00\ud83d","list":[],"when":null}`, false, false},
		{"two high", `{"name":"\ud83d\ud83d","list":[],"when":null}`, false, false},
		{"escaped backslash", `{"name":"\\ud83d","list":[],"when":null}`, true, true},
		{"not UTF-8", "{\"name\":\"\xc3\",\"list\":[],\"when\":null}", false, false},
		{"byte order mark", "\ufeff" + `{"name":"a","list":[],"when":null}`, false, false},
		{"fraction", `{"name":"a","list":[1.0],"when":null}`, false, false},
		{"more", `{"name":"a","list":[],"when":null}{}`, false, false},
		{"comma", `{"name":"a","list":[1,],"when":null}`, false, false},
		{"number as a name", `{1:2}`, false, false},
		{"cut", `{"name":"a"`, false, false},
		{"nothing", ``, false, false},
		{"deep", strings.Repeat(`[`, 100) + strings.Repeat(`]`, 100), false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := seal.UnmarshalStrict([]byte(tt.text), &sample{}); (err == nil) != tt.strict {
				t.Errorf("strict: %v", err)
			}
			if err := seal.UnmarshalCanonical([]byte(tt.text), &sample{}); (err == nil) != tt.canonical {
				t.Errorf("canonical: %v", err)
			}
		})
	}
}

// The JSONTestSuite's must-fail texts are refused, and its must-pass texts are, but where they name a member twice.
func TestJSONSuite(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(shared(t, "12-adversarial/JSONTestSuite"), "*", "*.json"))
	if err != nil || len(files) == 0 {
		if files, _ = filepath.Glob(filepath.Join(shared(t, "12-adversarial/JSONTestSuite"), "*.json")); len(files) == 0 {
			t.Skip("SKIP: shared/data/12-adversarial/JSONTestSuite holds no texts")
		}
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(f)
		got := seal.CheckJSON(data)
		if strings.HasPrefix(name, "n_") && got == nil {
			t.Errorf("%s is accepted", name)
		}
		if strings.HasPrefix(name, "y_") && got != nil && !strings.Contains(name, "duplicated") {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestTimeSpelling(t *testing.T) {
	for _, bad := range []string{`"2026-11-21T20:00:00.5Z"`, `"2026-11-21T20:00:00,5Z"`, `"2026-11-21T9:00:00Z"`, `"2026-11-21T20:00:00+00:00"`, `"2026-11-21t20:00:00z"`,
		`"2026-02-30T20:00:00Z"`, `"2026-11-21T24:00:00Z"`, `"2026-11-21T20:00:60Z"`, `null`, `0`, `""`} {
		var v seal.Time
		if v.UnmarshalJSON([]byte(bad)) == nil {
			t.Errorf("%s is accepted as %s", bad, v)
		}
	}
	if got := seal.At(time.Date(2026, 11, 21, 21, 0, 0, 999, time.FixedZone("", 3600))); got.String() != "2026-11-21T20:00:00Z" {
		t.Errorf("got %s", got)
	}
}

func TestAccessionID(t *testing.T) {
	for _, good := range []string{"2026/11/21-0001", "2026/11/21-9999", "2026/11/21-10000", "2028/02/29-0001"} {
		if a, err := seal.ParseAccessionID(good); err != nil || a.String() != good {
			t.Errorf("%s: %s, %v", good, a, err)
		}
	}
	for _, bad := range []string{"", "2026/11/21-0000", "2026/11/21-00001", "2026/11/21-1", "2026-11-21-0001", "2026/13/01-0001", "2027/02/29-0001", "1999/01/01-0001", "2026/11/21-0001\n", "٢٠٢٦/11/21-0001"} {
		if a, err := seal.ParseAccessionID(bad); err == nil {
			t.Errorf("%q is accepted as %s", bad, a)
		}
	}
	now := time.Date(2026, 11, 21, 23, 59, 0, 0, time.UTC)
	id := seal.NextAccession(seal.AccessionID{}, now)
	second := seal.NextAccession(id, now)
	backwards := seal.NextAccession(second, now.Add(-48*time.Hour))
	tomorrow := seal.NextAccession(backwards, now.Add(time.Hour))
	for i, want := range []string{"2026/11/21-0001", "2026/11/21-0002", "2026/11/21-0003", "2026/11/22-0001"} {
		if got := []seal.AccessionID{id, second, backwards, tomorrow}[i].String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
