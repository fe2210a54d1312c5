package verify

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"testing"
	"time"
)

// What crypto/x509 does not write: a reason of unspecified, which is more than none, and a date of compromise.
func TestStatusEntry(t *testing.T) {
	stamp := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	since := stamp.Add(48 * time.Hour)
	reason := func(n byte) pkix.Extension { return pkix.Extension{Id: oidReasonCode, Value: []byte{10, 1, n}} }
	compromised := pkix.Extension{Id: oidInvalidityDate, Value: append([]byte{24, 15}, "20260302000000Z"...)}
	for _, c := range []struct {
		name       string
		code       int
		extensions []pkix.Extension
		at         time.Time
		want       Code
	}{
		{"none", 0, nil, since.Add(time.Hour), CodeStampRevoked},
		{"none, later", 0, nil, since.Add(-time.Hour), ""},
		{"unspecified", 0, []pkix.Extension{reason(0)}, since.Add(time.Hour), ""},
		{"compromise, known earlier", 1, []pkix.Extension{reason(1), compromised}, since.Add(-time.Hour), CodeStampRevoked},
		{"compromise, before it", 1, []pkix.Extension{reason(1), compromised}, stamp.Add(time.Hour), ""},
	} {
		s := status{}
		s.entry(x509.RevocationListEntry{RevocationTime: since, ReasonCode: c.code, Extensions: c.extensions})
		j := &stampJudge{Stamp: Stamp{Time: stamp}, at: c.at}
		err := j.revoked(s, true)
		if (err == nil) != (c.want == "") || err != nil && err.Code != c.want {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}
