package verify

import (
	"cmp"
	"fmt"
	"slices"

	"kartoteka/seal"
)

// rules says what nobody can judge here.
func (v *certificateCheck) rules() string {
	own := 0
	for _, r := range v.order.Rules {
		if v.policy.Retention != nil && slices.Contains(v.policy.Retention.Schedules, r.Schedule) {
			own++
		}
	}
	return fmt.Sprintf("%d rules, %d of them of schedules that the policy lists as the hospital's own; that a rule applies is the officers' word", len(v.order.Rules), own)
}

// bundles are the order's, in its order, and nothing else.
func (v *certificateCheck) bundles() error {
	if len(v.c.Bundles) != len(v.order.Bundles) {
		return failed(CodeCertificate, "%d bundles, but the order names %d", len(v.c.Bundles), len(v.order.Bundles))
	}
	for i, b := range v.order.Bundles {
		d := v.c.Bundles[i]
		switch {
		case d.Leaf != b.Leaf:
			return failed(CodeCertificate, "bundle %d stands where the order names %d", d.Leaf, b.Leaf)
		case d.Leaves != b.Documents+1:
			return failed(CodeCertificate, "bundle %d: %d leaves for %d documents and an envelope", d.Leaf, d.Leaves, b.Documents)
		case d.Time.IsZero() || v.event.Time.Before(d.Time.Time):
			return failed(CodeCertificate, "bundle %d was not taken in before the disposal", d.Leaf)
		}
	}
	return nil
}

// keyfiles were rewritten after the disposal, and lost the records of every bundle and act, and nothing else.
func (v *certificateCheck) keyfiles() error {
	lost := map[seal.Class]int{}
	for i, k := range v.c.Keyfiles {
		switch {
		case i > 0 && compareKeyfiles(v.c.Keyfiles[i-1], k) >= 0:
			return failed(CodeCertificate, "keyfile %s of %s is out of order, or there twice", k.Class, k.Accession)
		case k.Generation < v.index:
			return failed(CodeCertificate, "keyfile %s of %s is of generation %d, older than the disposal", k.Class, k.Accession, k.Generation)
		case k.Accession.Compare(v.event.Accession) >= 0:
			return failed(CodeCertificate, "keyfile %s of %s is not older than the disposal", k.Class, k.Accession)
		}
		lost[k.Class] += len(k.Shredded)
	}
	bundles, acts := len(v.order.Bundles), len(v.order.Acts)
	for _, x := range []struct {
		class     seal.Class
		want, and int
	}{
		{seal.ClassContent, bundles + v.order.Documents(), acts}, // an act that is a release has its register entry here
		{seal.ClassEvidence, bundles, 0},
		{seal.ClassIndex, bundles + acts, 0},
	} {
		if n := lost[x.class]; n < x.want || n > x.want+x.and {
			return failed(CodeCertificate, "%s keyfiles lost %d records, not the %d of the order", x.class, n, x.want)
		}
	}
	return nil
}

func compareKeyfiles(a, b seal.Rewritten) int {
	return cmp.Or(a.Accession.Compare(b.Accession), cmp.Compare(slices.Index(seal.Classes(), a.Class), slices.Index(seal.Classes(), b.Class)))
}

// segments went only where a keyfile lost records.
func (v *certificateCheck) segments() error {
	rewritten := map[seal.AccessionID]bool{}
	for _, k := range v.c.Keyfiles {
		rewritten[k.Accession] = true
	}
	for i, s := range v.c.Segments {
		if s.Segment < 1 || i > 0 && cmp.Or(v.c.Segments[i-1].Accession.Compare(s.Accession), cmp.Compare(v.c.Segments[i-1].Segment, s.Segment)) >= 0 {
			return failed(CodeCertificate, "segment %d of %s is out of order, or there twice", s.Segment, s.Accession)
		}
		if !rewritten[s.Accession] {
			return failed(CodeCertificate, "segment %d of %s was deleted, but no keyfile of that accession lost a record", s.Segment, s.Accession)
		}
	}
	return nil
}

// copied judges what is said of one copy.
func (v *certificateCheck) copied(i int, x seal.Copy) {
	subject := fmt.Sprintf("copy %d", i)
	switch x.Kind {
	case seal.CopyLocal, seal.CopyIndex:
		v.report.Result(CodeCertificate, subject, v.within(x))
	case seal.CopyRelease, seal.CopyOffline:
		v.beyond(subject, x)
	default:
		v.report.Result(CodeCertificate, subject, indeterminate(CodeCertificate, "is of a kind this version does not know: %.40q", x.Kind))
	}
}

func (v *certificateCheck) within(x seal.Copy) error {
	if x.State != seal.CopyDestroyed || x.Event != nil || x.Time != nil {
		return failed(CodeCertificate, "the %s copy %.40q is %.40q, not destroyed", x.Kind, x.Where, x.State)
	}
	return nil
}

// beyond passes what the archive cannot reach where the certificate says so: an honest one names it, and only a
// dishonest one can say that it is gone.
func (v *certificateCheck) beyond(subject string, x seal.Copy) {
	detail := fmt.Sprintf("the %s copy is out of the archive's reach: %.40s", x.Kind, x.State)
	var err error
	switch {
	case x.State != seal.CopyBeyond && x.State != seal.CopyUnknown:
		err = failed(CodeCertificate, "nobody can see from the archive that the %s copy is %.40q", x.Kind, x.State)
	case x.Kind == seal.CopyOffline && (x.Event != nil || x.Time != nil):
		err = failed(CodeCertificate, "the offline copy names an event or a time")
	case x.Kind == seal.CopyRelease:
		detail = fmt.Sprintf("release %d of %s is out of the archive's reach: %s", *x.Event, x.Time, x.State)
		if *x.Event < 0 || *x.Event >= v.index || v.event.Time.Before(x.Time.Time) {
			err = failed(CodeCertificate, "release %d of %s was not made before the disposal", *x.Event, x.Time)
		}
		v.report.Count("releases", 1)
	}
	if err != nil {
		v.report.Result(CodeCertificate, subject, err)
		return
	}
	v.report.Pass(CodeCertificate, subject, detail)
}

// required are the copies without which nothing is destroyed, and the releases that the order names; none is there twice.
func (v *certificateCheck) required() error {
	there := map[string]bool{}
	var releases []seal.LeafIndex
	for _, x := range v.c.Copies {
		name := fmt.Sprintf("%s %s", x.Kind, x.Where)
		if x.Kind == seal.CopyIndex {
			name = string(x.Kind)
		}
		if x.Event != nil {
			name = fmt.Sprintf("%s %d", x.Kind, *x.Event)
			releases = append(releases, *x.Event)
		}
		if there[name] {
			return failed(CodeCertificate, "the copy %.80q is there twice", name)
		}
		there[name] = true
	}
	for _, name := range []string{"local keyfiles", "local keyfiles.2", "index"} {
		if !there[name] {
			return failed(CodeCertificate, "nothing is said of the copy %q", name)
		}
	}
	if !slices.Equal(releases, v.order.Released) {
		return failed(CodeCertificate, "%d releases, which are not the %d that the order names", len(releases), len(v.order.Released))
	}
	return nil
}
