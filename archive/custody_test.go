package archive_test

import (
	"archive/zip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kartoteka/archive"
	"kartoteka/archive/archivetest"
	"kartoteka/seal"
	"kartoteka/seal/patient"
	"kartoteka/verify"
)

func signing(officers ...*archivetest.Officer) (list []archive.Officer) {
	for _, o := range officers {
		list = append(list, archive.Officer{Name: o.Name, Sign: o.Sign})
	}
	return list
}

// The archive passes to another controller under two officers' signatures: packets name the new one, the log says from
// whom it came, and the check asks for the file.
func TestTransfer(t *testing.T) {
	s := archivetest.New(t, archivetest.Options{Bundles: 2, Accessions: 1})
	officers := s.Officers(t)
	to := seal.Controller{Name: "Szpital Następca", Country: "PL", IDs: []patient.Identifier{{System: "pl.regon", Value: "192598184"}}}
	const basis = "uchwała nr 7/2026"
	w := s.OpenWrite(t)
	before := w.Head()
	for name, by := range map[string][]*archivetest.Officer{
		"nobody": nil, "one": officers[:1], "one twice": {officers[0], officers[0]},
		"one and a stranger": {officers[0], archivetest.NewOfficer(t, "director")},
	} {
		var bad *verify.Error
		if _, err := w.Transfer(to, basis, signing(by...)); !errors.As(err, &bad) || w.Head() != before {
			t.Errorf("signed by %s: %v", name, err)
		}
	}
	for name, c := range map[string]seal.Controller{"the same": w.Controller(), "nobody": {Country: "PL"}, "no country": {Name: "X"}} {
		if _, err := w.Transfer(c, basis, signing(officers...)); err == nil || w.Head() != before {
			t.Errorf("to %s: %v", name, err)
		}
	}
	if _, err := w.Transfer(to, "", signing(officers...)); err == nil {
		t.Error("without a basis")
	}
	done, err := w.Transfer(to, basis, signing(officers[1], officers[0]))
	if err != nil || done.From.Name != "Szpital Testowy" || done.To.Name != to.Name || done.On.IsZero() {
		t.Fatalf("%+v %v", done, err)
	}
	w.Close()
	wantPassed(t, s.Dir)
	r, err := archive.Open(s.Dir, archive.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got := r.Controller(); got.Name != to.Name || len(got.IDs) != 1 || r.Spec.Controller.Name != "Szpital Testowy" {
		t.Errorf("%+v, %+v", got, r.Spec.Controller)
	}
	wantInPacket(t, export(t, s, s.Custodian), to.Name)
	transfers, err := filepath.Glob(filepath.Join(s.Dir, "policy/*.transfer.json"))
	if err != nil || len(transfers) != 1 {
		t.Fatal(transfers, err)
	}
	file, err := seal.ParseTransfer(read(t, transfers[0]))
	if err != nil || file.Basis != basis {
		t.Errorf("%+v %v", file, err)
	}
	os.Remove(transfers[0])
	wantCode(t, check(t, s.Dir, archive.CheckOptions{}), verify.Failed, verify.CodePolicy)
}

// wantInPacket sees that the pages of a packet name the controller, and not the one before.
func wantInPacket(t *testing.T, packet, name string) {
	t.Helper()
	z, err := zip.OpenReader(packet)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	for _, page := range []string{seal.PacketIndex, seal.PacketReadme} {
		f, err := z.Open(page)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(f)
		if err != nil || !strings.Contains(string(text), name) || strings.Contains(string(text), "Szpital Testowy") {
			t.Errorf("%s: %v\n%s", page, err, text)
		}
	}
}

// An archive passes on more than once, and its key and custodians change in between.
func TestTransferAgain(t *testing.T) {
	s := archivetest.New(t, archivetest.Options{Bundles: 2, Accessions: 1})
	officers := s.Officers(t)
	for _, name := range []string{"Second", "Third", "Szpital Testowy"} {
		s.Now = s.Now.Add(time.Hour)
		w := s.OpenWrite(t)
		if _, err := rotateLog(s, w, s.Custodian); err != nil {
			t.Error(err)
		}
		if _, err := w.Transfer(seal.Controller{Name: name, Country: "LT"}, "law", signing(officers...)); err != nil {
			t.Error(err)
		}
		w.Close()
	}
	wantPassed(t, s.Dir)
	if p := policyOf(t, s); p.Controller == nil || p.Controller.Name != "Szpital Testowy" || len(p.LogKeys) != 4 {
		t.Errorf("%+v", p.Controller)
	}
	export(t, s, s.Custodian)
}
