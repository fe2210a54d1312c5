package seal

import (
	"cmp"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// Digest is a SHA-256 digest; its text form is 64 lower-case hex digits.
type Digest [sha256.Size]byte

// Digest512 is a SHA-512 digest; its text form is 128 lower-case hex digits.
type Digest512 [sha512.Size]byte

func (d Digest) String() string    { return hex.EncodeToString(d[:]) }
func (d Digest512) String() string { return hex.EncodeToString(d[:]) }

// MarshalText gives the hex form.
func (d Digest) MarshalText() ([]byte, error)    { return []byte(d.String()), nil }
func (d Digest512) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText takes the hex form and no other.
func (d *Digest) UnmarshalText(b []byte) error    { return decodeHex(d[:], b) }
func (d *Digest512) UnmarshalText(b []byte) error { return decodeHex(d[:], b) }

// ParseDigest reads the hex form of a SHA-256 digest.
func ParseDigest(s string) (d Digest, err error) { return d, d.UnmarshalText([]byte(s)) }

func decodeHex(dst, src []byte) error {
	if len(src) != 2*len(dst) {
		return fmt.Errorf("digest has %d characters, not %d", len(src), 2*len(dst))
	}
	for _, c := range src {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return errors.New("digest is not lower-case hex")
		}
	}
	_, err := hex.Decode(dst, src)
	return err
}

// AccessionID names one committed intake: its UTC date and its number on that date, counting from 1.
// Its text form, 2026/11/21-0001, is its folder under accessions/ and keyfiles/.
type AccessionID struct {
	Year, Month, Day, Number int
}

var accessionPattern = regexp.MustCompile(`^(\d{4})/(\d{2})/(\d{2})-(\d{4}|[1-9]\d{4,5})$`)

// ParseAccessionID reads the text form.
func ParseAccessionID(s string) (AccessionID, error) {
	m := accessionPattern.FindStringSubmatch(s)
	if m == nil {
		return AccessionID{}, fmt.Errorf("accession %.40q is not YYYY/MM/DD-NNNN", s)
	}
	var n [4]int
	for i := range n {
		n[i], _ = strconv.Atoi(m[i+1])
	}
	a := AccessionID{n[0], n[1], n[2], n[3]}
	d := time.Date(a.Year, time.Month(a.Month), a.Day, 0, 0, 0, 0, time.UTC)
	if a.Number == 0 || a.Year < 2000 || d.Month() != time.Month(a.Month) || d.Day() != a.Day {
		return AccessionID{}, fmt.Errorf("accession %q has no such date or number", s)
	}
	return a, nil
}

// NextAccession is the accession that begins at now after last: the numbers of a day count up, and no accession is
// ever named before an earlier one.
func NextAccession(last AccessionID, now time.Time) AccessionID {
	y, m, d := now.UTC().Date()
	next := AccessionID{y, int(m), d, 1}
	if last.Compare(next) >= 0 {
		next = last
		next.Number++
	}
	return next
}

// Compare orders accessions by date and number.
func (a AccessionID) Compare(b AccessionID) int {
	return cmp.Or(cmp.Compare(a.Year, b.Year), cmp.Compare(a.Month, b.Month), cmp.Compare(a.Day, b.Day), cmp.Compare(a.Number, b.Number))
}

func (a AccessionID) String() string {
	return fmt.Sprintf("%04d/%02d/%02d-%04d", a.Year, a.Month, a.Day, a.Number)
}

// MarshalText gives the text form.
func (a AccessionID) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads the text form.
func (a *AccessionID) UnmarshalText(b []byte) (err error) {
	*a, err = ParseAccessionID(string(b))
	return err
}

// RecordID names one record: the n-th header of one keyfile.
type RecordID struct {
	Accession AccessionID
	Class     Class
	N         int
}

func (r RecordID) String() string { return fmt.Sprintf("%s/%s/%d", r.Accession, r.Class, r.N) }

// LeafIndex is the number of an event in the log, counting from 0.
type LeafIndex int64

func (i LeafIndex) String() string { return strconv.FormatInt(int64(i), 10) }

// Time is an instant in UTC to the second: 2026-11-21T20:00:00Z and no other spelling.
type Time struct{ time.Time }

const timeLayout = "2006-01-02T15:04:05Z"

// At gives t in UTC, cut to the second.
func At(t time.Time) Time { return Time{t.UTC().Truncate(time.Second)} }

func (t Time) String() string { return t.UTC().Format(timeLayout) }

// MarshalJSON gives the one spelling.
func (t Time) MarshalJSON() ([]byte, error) { return []byte(`"` + t.String() + `"`), nil }

// UnmarshalJSON takes the one spelling.
func (t *Time) UnmarshalJSON(b []byte) error {
	parsed, err := time.Parse(`"`+timeLayout+`"`, string(b))
	if err != nil || `"`+(Time{parsed}).String()+`"` != string(b) { // Parse takes one-digit hours and fractions too
		return fmt.Errorf("time is not of the form %s", timeLayout)
	}
	t.Time = parsed
	return nil
}
