package archive_test

import (
	"path/filepath"
	"slices"
	"strings"

	"filippo.io/age"

	"kartoteka/archive"
	"kartoteka/archive/archivetest"
	"kartoteka/archive/internal/durable"
	"kartoteka/archive/reading"
	"kartoteka/seal"
	"kartoteka/verify"
)

// wantTold sees that nothing acknowledged is missing.
func (r *faultRun) wantTold() {
	r.t.Helper()
	a, err := archive.Open(r.dir, archive.Options{})
	if err != nil {
		r.t.Fatal(err)
	}
	defer a.Close()
	for receipt, leaf := range r.told.taken {
		if _, e, err := a.Event(leaf); err != nil || e.Bundle == nil || seal.ReceiptName(e.Bundle.ID) != receipt {
			r.t.Errorf("event %d is not of the bundle whose receipt is %s: %v", leaf, receipt, err)
		}
	}
	for _, name := range spooled(r.t, r.dir, "receipts") { // whoever finds one may rely on it
		if durable.IsTemp(name) {
			continue
		}
		if err := a.Since(read(r.t, filepath.Join(r.dir, "spool/receipts", name)), a.Policy(), r.w.Now); err != nil {
			r.t.Errorf("receipt %s: %v", name, err)
		}
	}
	if r.told.trusted && len(a.Policy().Producers) != 2 {
		r.t.Error("the policy change is missing")
	}
	if leaf := r.told.released; leaf != 0 {
		if _, e, err := a.Event(leaf); err != nil || e.Release == nil {
			r.t.Errorf("event %d is not the release: %v", leaf, err)
		}
	}
}

// wantAll sees that the night ended well and left nothing behind.
func (r *faultRun) wantAll(report *verify.Report) {
	r.t.Helper()
	if report.Verdict != verify.Passed || report.Counts["bundles"] != r.w.bundles {
		r.t.Errorf("after the night: %v %v", report.Counts, notPassed(report))
	}
	r.wantTold()
	if len(r.told.taken) == 0 || !r.told.trusted || r.told.released == 0 {
		r.t.Errorf("acknowledged: %+v", r.told)
	}
	refused := slices.ContainsFunc(spooled(r.t, r.dir, "rejected"), func(n string) bool { return strings.HasSuffix(n, ".zip") })
	for _, name := range spooled(r.t, r.dir, "incoming") {
		if !strings.HasPrefix(name, ".refused-") { // where it could not be moved, it is renamed
			r.t.Errorf("left in the spool: %s", name)
		}
		refused = true
	}
	if !refused {
		r.t.Error("the bad bundle is nowhere")
	}
	if got := spooled(r.t, r.dir, "receipts"); len(got) != r.w.bundles {
		r.t.Errorf("receipts: %q", got)
	}
	for _, name := range archivetest.Files(r.t, r.dir, ".") {
		if durable.IsTemp(name) && !strings.HasPrefix(name, "quarantine/") {
			r.t.Errorf("left over: %s", name)
		}
	}
	if got := archivetest.Files(r.t, r.dir, "policy"); len(got) != 5 {
		r.t.Errorf("policy/ holds %q", got)
	}
}

// shallow checks without a key that the log goes on from the night before.
func (r *faultRun) shallow() *verify.Report {
	return check(r.t, r.dir, archive.CheckOptions{Since: r.w.told.checkpoint, SinceName: "checkpoint before the night"})
}

// deep opens every bundle besides.
func (r *faultRun) deep() *verify.Report {
	report, err := reading.Check(r.t.Context(), r.dir, []age.Identity{r.w.Custodian}, reading.CheckOptions{})
	if err != nil || report.Counts["bundles_opened"] != r.w.bundles {
		r.t.Errorf("deep check: %v %v", err, report.Counts)
	}
	return report
}

// wantIndex sees that the index is what a rebuild gives.
func (r *faultRun) wantIndex() {
	r.t.Helper()
	if err := r.open(); err != nil {
		r.t.Fatal(err)
	}
	defer r.close()
	if rows, err := r.a.CheckIndex(); err != nil || rows != r.w.bundles {
		r.t.Errorf("the index has %d rows: %v", rows, err)
	}
}
