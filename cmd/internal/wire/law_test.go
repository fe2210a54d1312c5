package wire

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"kartoteka/archive"
	"kartoteka/cmd/internal/appraisal"
	"kartoteka/seal"
	"kartoteka/verify"
)

// sound are requests of the law and of stamps, one of each kind.
func sound() []string {
	return []string{
		`{"version":1,"op":"fact","fact":{"whose":{"identifier":{"system":"pl.pesel","value":"44051401359","role":"own"}},"facts":{"jurisdiction":"","death_year":2031},"basis":"USC 17","officer":"N"}}`,
		`{"version":1,"op":"fact","fact":{"whose":{"bundles":[7,9]},"facts":{"jurisdiction":"","class":"referral"},"basis":"B","officer":"N"}}`,
		`{"version":1,"op":"hold","hold":{"whose":{"bundles":[7]},"hold":{"id":"K-1","kind":"court_or_prosecutor","ordered_by":"SR","basis":"B","start":"","review":"2031-01-01","officer":"N"}}}`,
		`{"version":1,"op":"holds"}`,
		`{"version":1,"op":"hold_release","hold_release":{"hold":7,"log":{"size":9,"root":"0000000000000000000000000000000000000000000000000000000000000000"},"officers":[{"name":"a","signature":"AQ=="},{"name":"b","signature":"AQ=="}]}}`,
		`{"version":1,"op":"step","step":{"step":{"kind":"notice","bundles":null,"on":"","until":"2031-01-01","officer":"N"},"bundles":[7]}}`,
		`{"version":1,"op":"step","step":{"step":{"kind":"consent","bundles":null,"on":"2031-01-01","authority":"AP","reference":"17","officer":"N"},"bundles":[7]}}`,
		`{"version":1,"op":"due","due":{"by":"2031-12-31","ready":true}}`,
		`{"version":1,"op":"due","due":{}}`,
		`{"version":1,"op":"order","order":{"number":"7/2031","days":90,"bundles":[7]}}`,
		`{"version":1,"op":"execute","execute":{"order":"{}","check":true}}`,
		`{"version":1,"op":"certificate","certificate":{"event":7}}`,
		`{"version":1,"op":"stamp","stamp":{"now":true}}`, `{"version":1,"op":"stamp","stamp":{}}`,
		`{"version":1,"op":"renewals","renewals":{"days":365}}`, `{"version":1,"op":"renew","renew":{"days":90}}`,
	}
}

func TestParseLaw(t *testing.T) {
	all := sound()
	for _, line := range all {
		if _, err := ParseRequest([]byte(line)); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
	long := strings.Repeat("x", 5000)
	for _, c := range []struct {
		n        int
		from, to string
	}{
		{0, `"value":"44051401359"`, `"value":""`}, {0, `"value":"44051401359"`, `"value":"` + long + `"`}, {0, `"officer":"N"`, `"officer":""`}, {0, "USC 17", long},
		{0, `"death_year":2031`, `"class":"x"`}, {0, `"whose":{`, `"whose":{"bundles":[1],`}, {0, `"death_year":2031`, `"death_year":31`},
		{1, `[7,9]`, `[]`}, {1, `[7,9]`, `[-1]`}, {1, `[7,9]`, "[" + strings.Repeat("1,", 1000) + "1]"}, {1, `"class":"referral"`, `"death_year":2031`},
		{2, "court_or_prosecutor", "court"}, {2, `"K-1"`, `""`}, {2, "2031-01-01", ""}, {2, `"officer":"N"`, `"officer":"` + long + `"`}, {2, `"id"`, `"bundles":[7],"id"`},
		{3, `"holds"`, `"holds","due":{}`},
		{4, `"a"`, `"Anna Nowak"`}, {4, `"a"`, `"b"`}, {4, `"a"`, `"c"`}, {4, `,{"name":"b","signature":"AQ=="}`, ``}, {4, `"AQ=="}]`, `""}]`}, {4, `"hold":7`, `"hold":0`},
		{5, `"notice"`, `"consent"`}, {5, `[7]`, `[]`}, {5, `"bundles":null`, `"bundles":[{"leaf":7,"for":"2031-01-01"}]`}, {5, `2031-01-01`, ``}, {5, `"N"`, `""`},
		{6, `"authority":"AP",`, ``}, {6, `"reference":"17"`, `"reference":"` + long + `"`},
		{7, `"due":{`, `"dues":{`}, {7, `"by":"2031-12-31"`, `"by":"2031"`},
		{9, `7/2031`, ``}, {9, `7/2031`, long}, {9, `90`, `-1`}, {9, `90`, `100000`}, {9, `[7]`, `null`},
		{10, `"{}"`, `""`}, {11, `7`, `0`},
		{12, `,"stamp":{"now":true}`, ``}, {12, `true`, `1`}, {14, `365`, `-1`}, {14, `365`, `100000`}, {15, `90`, `-1`}, {15, `"op":"renew"`, `"op":"renewals"`},
	} {
		line := strings.Replace(all[c.n], c.from, c.to, 1)
		var e *Error
		if _, err := ParseRequest([]byte(line)); line == all[c.n] || !errors.As(err, &e) || e.Code != CodeRequest {
			t.Errorf("%.200s: %v", line, err)
		}
	}
}

// TestRefusalsCrossOver: reasons, verdicts and what is unfinished mean the same on both sides.
func TestRefusalsCrossOver(t *testing.T) {
	over := func(err error) error {
		line, merr := seal.Marshal(Answer{Version: Version, Error: NewError(fmt.Errorf("while at it: %w", err))})
		if merr != nil || len(line) > MaxLine {
			t.Fatalf("%d bytes, %v", len(line), merr)
		}
		var a Answer
		if merr := seal.UnmarshalStrict(line, &a); merr != nil {
			t.Fatal(merr)
		}
		return a.Error
	}
	many := &appraisal.Refused{Reasons: make([]appraisal.Reason, 200_000)}
	for i := range many.Reasons {
		many.Reasons[i] = appraisal.Reason{Bundle: seal.LeafIndex(i), Code: "held", Text: strings.Repeat("hold ", 40)}
	}
	var refused *appraisal.Refused
	if err := over(many); !errors.As(err, &refused) || !errors.Is(err, archive.ErrRefused) || refused.Count() != 200_000 || len(refused.Reasons) != maxReasons {
		t.Errorf("%T", err)
	}
	var judged *verify.Error
	if err := over(&verify.Error{Code: verify.CodeOfficers, Reason: "one signed"}); !errors.As(err, &judged) || judged.Code != verify.CodeOfficers {
		t.Errorf("%v", err)
	}
}
