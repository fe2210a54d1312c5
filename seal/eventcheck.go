package seal

import (
	"errors"
	"regexp"
	"slices"
)

// Text in an event is a word of ours or hex, never a sender's: nothing in the log may name anyone.
var (
	wordPattern        = regexp.MustCompile(`^[a-z0-9_]{1,64}$`)
	fingerprintPattern = regexp.MustCompile(`^[0-9a-f]{16}$`)
)

// Bounds that no real accession comes near; they keep sums of records from overflowing.
const (
	maxEvents  = 1 << 20
	maxRecords = 1 << 40
)

// check says whether files are listed in the one order: segments from 1, keyfiles by class.
func (a AccessionEvent) check() error {
	if a.Events < 0 || a.Events > maxEvents {
		return errors.New("accession event: numbers out of range")
	}
	for i, s := range a.Segments {
		if s.N != i+1 || s.Length < int64(len(SegmentMagic)) {
			return errors.New("accession event: segments are not numbered from 1, or one is too short")
		}
	}
	last := -1
	for _, k := range a.Keyfiles {
		place := slices.Index(Classes(), k.Class)
		if place <= last || k.Records < 1 || k.Records > maxRecords {
			return errors.New("accession event: keyfiles are not in the order of their classes, or one is empty")
		}
		last = place
	}
	return nil
}

func (b BundleEvent) sound() bool {
	return b.Commitment.Count >= 1 && b.Commitment.Count <= MaxDocuments &&
		min(b.Content, b.Capsule, b.Entry) >= 0 && max(b.Content, b.Capsule, b.Entry) <= maxRecords
}

func (r RejectedEvent) sound() bool {
	return fingerprintPattern.MatchString(r.ID) && wordPattern.MatchString(r.Code)
}

func (r ReleaseEvent) sound() bool {
	return r.Bundles >= 1 && r.Documents >= 0 && min(r.Content, r.Act) >= 0 && max(r.Content, r.Act) <= maxRecords && fingerprintPattern.MatchString(r.Custodian)
}

// filePattern are the names Init gives: no sender has a part in them.
var filePattern = regexp.MustCompile(`^[A-Za-z0-9._/-]{1,200}$`)

func (t TrustEvent) sound() bool {
	for i, f := range t.Files {
		if !filePattern.MatchString(f.Name) || i > 0 && f.Name <= t.Files[i-1].Name {
			return false
		}
	}
	return wordPattern.MatchString(t.Change)
}

func (k KeyEvent) sound() bool {
	return k.Keyfiles >= 0 && (k.Keyfiles == 0) == (k.List == Digest{}) && k.To != (Digest{}) && signedByTwo(k.Officers)
}

// signedByTwo says whether two different officers signed; whether the signatures hold is for package verify.
func signedByTwo(officers []OfficerSignature) bool {
	for i, o := range officers {
		if !wordPattern.MatchString(o.Name) || len(o.Signature) == 0 || i > 0 && o.Name <= officers[i-1].Name {
			return false
		}
	}
	return len(officers) >= 2
}
