package cli

import (
	"bytes"
	"crypto/sha256"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kartoteka/archive/archivetest"
	"kartoteka/seal"
)

// disposedOf has an archive execute an order for its first bundles and gives the order's and the certificate's file.
func disposedOf(t *testing.T, a *archivetest.Archive, n int) (order, certificate string) {
	t.Helper()
	officers := a.Officers(t)
	w := a.OpenWrite(t)
	defer w.Close()
	today := seal.DateIn(a.Now, w.Zone())
	o := seal.Order{Origin: w.Spec.Origin, Number: "D/1", Made: today, Until: today.AddDays(30),
		Rules: []seal.OrderRule{{Schedule: sha256.Sum256([]byte("schedule")), ID: "pl.test", Citation: "UPP art. 29"}}}
	var leaves []seal.LeafIndex
	for _, b := range a.Bundles[:n] {
		_, e, err := w.Event(b.Leaf)
		if err != nil {
			t.Fatal(err)
		}
		leaves = append(leaves, b.Leaf)
		o.Bundles = append(o.Bundles, seal.OrderBundle{Leaf: b.Leaf, Documents: e.Bundle.Commitment.Count, Due: today})
	}
	with, err := w.Along(leaves)
	if err != nil {
		t.Fatal(err)
	}
	head := w.Head()
	o.Acts, o.Released, o.Log = with.Acts, with.Released, seal.OrderLog{Size: head.Size, Root: head.Root}
	signed := archivetest.SignOrder(t, o, officers...)
	leaf, err := w.Dispose(signed, nil)
	if err != nil {
		t.Fatal(err)
	}
	data, err := w.Certificate(leaf, seal.System{Name: "kartoteka", Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	order, certificate = filepath.Join(t.TempDir(), "D-1.order.json"), filepath.Join(t.TempDir(), "D-1.certificate.json")
	for name, data := range map[string][]byte{order: signed, certificate: data} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return order, certificate
}

// What an archive issues passes offline, can be read as a page, and no change to it passes.
func TestVerifyCertificate(t *testing.T) {
	a := archivetest.New(t, archivetest.Options{})
	order, certificate := disposedOf(t, a, 4)
	policy, dir := a.PolicyFile(t), t.TempDir()
	page, report := filepath.Join(dir, "page.html"), filepath.Join(dir, "report.json")

	want(t, a.Now, exitOK, []string{"PASSED", "bundles 4"}, "verify", "certificate", certificate, "--policy", policy, "--report", report, "--page", page)
	html, err := os.ReadFile(page)
	if err != nil || !bytes.Contains(html, []byte("Zaświadczenie o zniszczeniu dokumentacji medycznej")) || !bytes.Contains(html, []byte("archivist, director")) {
		t.Errorf("page: %s, %v", html, err)
	}
	if _, err := os.Stat(report); err != nil {
		t.Error(err)
	}
	want(t, a.Now, exitFailed, []string{"exists"}, "verify", "certificate", certificate, "--policy", policy, "--page", page)
	want(t, a.Now, exitUsage, []string{"--policy"}, "verify", "certificate", certificate)
	want(t, a.Now, exitUsage, []string{"--page"}, "verify", "certificate", certificate, "--policy", policy, "--page", "-")
	want(t, a.Now, exitIndeterminate, []string{"INDETERMINATE", "time"}, "verify", "certificate", certificate, "--policy", policy, "--at", "2020-01-01")
	want(t, a.Now, exitOK, []string{"PASSED"}, "verify", "certificate", certificate, "--policy", policy, "--at", "2090-01-01")
	want(t, a.Now, exitVerify, []string{"FAILED"}, "verify", "certificate", order, "--policy", policy)
	want(t, a.Now, exitFailed, nil, "verify", "certificate", filepath.Join(dir, "none"), "--policy", policy)

	data, err := os.ReadFile(certificate)
	if err != nil {
		t.Fatal(err)
	}
	forged, none := filepath.Join(dir, "forged.json"), filepath.Join(dir, "none.html")
	if err := os.WriteFile(forged, bytes.Replace(data, []byte(`"payload":"ey`), []byte(`"payload":"ez`), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	want(t, a.Now, exitVerify, []string{"FAILED", "no page"}, "verify", "certificate", forged, "--policy", policy, "--page", none)
	if _, err := os.Stat(none); err == nil {
		t.Error("a page of a certificate that did not pass")
	}
}

// inspect tells an order and a certificate without a policy, and one of either that is broken.
func TestInspectDisposal(t *testing.T) {
	a := archivetest.New(t, archivetest.Options{})
	order, certificate := disposedOf(t, a, 2)
	want(t, a.Now, exitOK, []string{"order", "kartoteka/order/1", "D/1", "pl.test (UPP art. 29), 2 bundles", "archivist, as it says", "not told"}, "inspect", order)
	want(t, a.Now, exitOK, []string{"certificate", "kartoteka/certificate/1", "Szpital Testowy, PL", "director, as the order says", "local keyfiles.2: destroyed", "not told"}, "inspect", certificate)
	for _, name := range []string{order, certificate} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, data[:len(data)-1], 0o600); err != nil {
			t.Fatal(err)
		}
		if got := want(t, a.Now, exitVerify, nil, "inspect", name); !strings.Contains(got.err, "line feed") {
			t.Errorf("says %s", got.err)
		}
	}
}
