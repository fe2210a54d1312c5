package retention

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func loaded(t testing.TB) []Schedule {
	t.Helper()
	all, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestLoad(t *testing.T) {
	want := []struct {
		jurisdiction string
		rules        int
		fallback     string
	}{{"PL", 8, "PL-20-GENERAL"}, {"UA", 9, "UA-DEFAULT"}, {"LT", 9, "LT-DEFAULT"}, {"EU", 3, ""}}
	all := loaded(t)
	if len(all) != len(want) {
		t.Fatalf("got %d schedules, want %d", len(all), len(want))
	}
	for i, s := range all {
		fallback := ""
		for _, r := range s.Rules {
			if r.Default {
				fallback = r.ID
			}
		}
		if s.Jurisdiction != want[i].jurisdiction || len(s.Rules) != want[i].rules || fallback != want[i].fallback {
			t.Errorf("got %s, %d rules, default %q; want %v", s.Jurisdiction, len(s.Rules), fallback, want[i])
		}
	}
}

// What the embedded rules say, apart from the files, so that a slip in a file shows.
func TestEmbeddedRules(t *testing.T) {
	want := strings.Fields(`
		PL-20-GENERAL:20_years:last_entry PL-30-INJURY-DEATH:30_years:death PL-30-BLOOD:30_years:last_entry PL-22-CHILD-U2:22_years:last_entry
		PL-10-XRAY-FILM:10_years:image_taken PL-5-REFERRAL:5_years:service_provided PL-2-REFERRAL-NOSHOW:2_years:referral_issued
		PL-PAPER-AFTER-SCAN:365_days:patient_informed_of_digitisation
		UA-003:25_years:case_closed:verify UA-027:3_years:issued UA-027-1:10_years:issued UA-025:5_years:last_visit:verify
		UA-112:10_years:case_closed:verify UA-066:10_years:issued:verify UA-096-097:25_years:case_closed:verify
		UA-DEFAULT:25_years:last_entry:verify UA-ESOZ:none:none:verify
		LT-025A:15_years:last_visit LT-025A-EXPOSED:50_years:exposure_end LT-003A:25_years:discharge_or_death:verify
		LT-096-097A:25_years:discharge_or_death:verify LT-FORENSIC:25_years:issued LT-104AV:50_years:issued LT-070A-LK:5_years:issued
		LT-REGISTERS-3:3_years:issued LT-DEFAULT:25_years:last_entry:verify
		EU-BLOOD-30:30_years:issued:verify EU-TISSUE-30:30_years:clinical_use:verify EU-TRIAL-25:25_years:trial_end:verify`)
	var got []string
	for _, s := range loaded(t) {
		for _, r := range s.Rules {
			line := r.ID + ":" + strings.ReplaceAll(r.Period(), " ", "_") + ":" + string(r.Trigger)
			if r.Verify {
				line += ":verify"
			}
			got = append(got, line)
		}
	}
	if len(got) != 29 || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestEmbeddedDuties(t *testing.T) {
	want := map[string]string{"PL": "duty handover consent archival_category_a custody_after_closure", "UA": "duty consent", "LT": "", "EU": ""}
	for _, s := range loaded(t) {
		var got []string
		for _, sec := range s.sections() {
			got = append(got, sec.name)
		}
		if g := strings.Join(got, " "); g != want[s.Jurisdiction] {
			t.Errorf("%s: got %q, want %q", s.Jurisdiction, g, want[s.Jurisdiction])
		}
	}
}

// The digest is that of the file as it lies there: sha256sum gives the same.
func TestDigest(t *testing.T) {
	for _, s := range loaded(t) {
		raw, err := os.ReadFile("schedules/" + strings.ToLower(s.Jurisdiction) + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(raw)
		if got, want := s.Digest.String(), hex.EncodeToString(sum[:]); got != want {
			t.Errorf("%s: got %s, want %s", s.Jurisdiction, got, want)
		}
		changed, err := Parse(bytes.NewReader(append(raw, "# remark\n"...)))
		if err != nil || changed.Digest == s.Digest {
			t.Errorf("%s with a remark: got digest %s, %v; want another digest", s.Jurisdiction, changed.Digest, err)
		}
	}
}

func TestParseCRLF(t *testing.T) {
	if _, err := Parse(strings.NewReader(strings.ReplaceAll(goodSchedule, "\n", "\r\n"))); err != nil {
		t.Error(err)
	}
}

// The first line stands outside what is mutated, or few inputs would ever reach the YAML.
func FuzzParseSchedule(f *testing.F) {
	head := []byte("schema: " + SpecSchedule + "\n")
	add := func(raw []byte) {
		if rest, ok := bytes.CutPrefix(raw, head); ok && len(rest) < 64<<10 { // mutating the size limit's megabyte finds nothing
			f.Add(rest)
		}
	}
	for _, name := range []string{"pl", "ua", "lt", "eu"} {
		raw, err := embedded.ReadFile("schedules/" + name + ".yaml")
		if err != nil {
			f.Fatal(err)
		}
		add(raw)
	}
	add([]byte(goodSchedule))
	for _, b := range badSchedules {
		add([]byte(b.file()))
	}
	f.Fuzz(func(t *testing.T, rest []byte) {
		raw := slices.Concat(head, rest)
		s, err := Parse(bytes.NewReader(raw))
		if err != nil {
			return
		}
		if s.Digest != sha256.Sum256(raw) {
			t.Error("digest is not that of the bytes")
		}
		again, err := Parse(bytes.NewReader(raw))
		if err != nil || !reflect.DeepEqual(s, again) {
			t.Errorf("second reading differs: %v", err)
		}
		for _, r := range s.Rules {
			if r.Cite == "" && !r.Verify || r.Period() == "none" && !r.Verify {
				t.Errorf("rule %s could dispose without authority", r.ID)
			}
		}
	})
}
