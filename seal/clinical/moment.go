package clinical

import (
	"strings"
	"time"
)

// moment turns an HL7 or DICOM time (YYYY[MM[DD[HH[MM[SS[.F]]]]]][±ZZZZ], HL7 v3 TS, HL7 v2 DTM,
// DICOM DT) into ISO 8601 of the same precision. It returns "" for what is no time.
func moment(s string) string {
	s = strings.TrimSpace(s)
	digits, zone := s, ""
	if i := strings.LastIndexAny(s, "+-"); i >= 8 {
		digits, zone = s[:i], s[i:]
	} else if strings.HasSuffix(s, "Z") {
		digits, zone = s[:len(s)-1], "Z"
	}
	digits, _, _ = strings.Cut(digits, ".")
	layouts := []struct{ in, out string }{
		{"2006", "2006"},
		{"200601", "2006-01"},
		{"20060102", "2006-01-02"},
		{"2006010215", "2006-01-02T15:04"}, // hour precision: ISO 8601 has it, FHIR and RFC 3339 do not
		{"200601021504", "2006-01-02T15:04"},
		{"20060102150405", "2006-01-02T15:04:05"},
	}
	for _, l := range layouts {
		if len(digits) != len(l.in) {
			continue
		}
		t, err := time.Parse(l.in, digits)
		if err != nil {
			return ""
		}
		if len(digits) <= 8 {
			return t.Format(l.out)
		}
		z, ok := isoZone(zone)
		if !ok {
			return ""
		}
		return t.Format(l.out) + z
	}
	return ""
}

func isoZone(z string) (string, bool) {
	if z == "" || z == "Z" {
		return z, true
	}
	for _, layout := range []string{"-0700", "-07:00", "-07"} {
		if t, err := time.Parse(layout, z); err == nil {
			return t.Format("-07:00"), true
		}
	}
	return "", false
}

// isoMoment keeps a FHIR date, dateTime or instant if it is one, fractions of a second left out.
func isoMoment(s string) string {
	for _, l := range []struct{ in, out string }{
		{"2006", "2006"},
		{"2006-01", "2006-01"},
		{"2006-01-02", "2006-01-02"},
		{"2006-01-02T15:04:05", "2006-01-02T15:04:05"},
		{"2006-01-02T15:04Z07:00", "2006-01-02T15:04Z07:00"},
		{time.RFC3339, time.RFC3339},
	} {
		if t, err := time.Parse(l.in, s); err == nil {
			return t.Format(l.out)
		}
	}
	return ""
}

// day is the date of a moment.
func day(m string) string {
	d, _, _ := strings.Cut(m, "T")
	return d
}
