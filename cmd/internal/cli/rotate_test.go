package cli

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"kartoteka/archive/archivetest"
	"kartoteka/cmd/internal/cli/jsonoutput"
)

// While another process has the archive a plan is shown, and nothing is done.
func TestRotateBusy(t *testing.T) {
	a := archivetest.New(t, archivetest.Options{Bundles: 2, Accessions: 1})
	dir, id := "--archive="+a.Dir, "-i="+a.CustodianFile(t)
	to := "--recipient=" + a.Custodian.Recipient().String()
	now := a.Now.Add(time.Hour)
	signed := officerFlags(t, a)
	with := func(args ...string) []string {
		return append(append([]string{"rotate", "custodians", dir, id, to}, args...), signed...)
	}
	w := a.OpenWrite(t)
	want(t, now, exitOK, []string{"3 keyfiles would be"}, "rotate", "custodians", dir, id, to)
	want(t, now, exitBusy, []string{"stop kartotekad"}, with("--yes")...)
	want(t, now, exitBusy, []string{"stop kartotekad"}, "rotate", "log-key", dir, id, "--yes")
	w.Close()

	plan := parsed[jsonoutput.LogKey](t, want(t, now, exitOK, nil, "rotate", "log-key", dir, id, "--json"))
	done := parsed[jsonoutput.LogKey](t, want(t, now, exitOK, nil, "rotate", "log-key", dir, id, "--json", "--yes"))
	if plan.Done || !done.Done || plan.After != done.After || plan.Before != done.Before || done.From == nil || plan.From != nil {
		t.Errorf("%+v, %+v", plan, done)
	}
	same := parsed[jsonoutput.Custodians](t, want(t, now, exitOK, nil, with("--json", "--yes")...))
	if !same.Done || len(same.MaySign) != 2 || len(same.Stay) != 1 || len(same.Come)+len(same.Leave) != 0 || same.Keyfiles != 3 || same.Event == nil {
		t.Errorf("%+v", same)
	}
	want(t, now, exitOK, nil, "verify", "archive", dir, id)
}

// officerFlags has the archive trust two officers, and names their keys.
func officerFlags(t *testing.T, a *archivetest.Archive) (flags []string) {
	t.Helper()
	folder := t.TempDir()
	for _, name := range []string{"archivist", "director"} {
		key := filepath.Join(folder, name+".pem")
		want(t, a.Now, exitOK, nil, "keygen", "officer", "--plain", "-o", key)
		want(t, a.Now, exitOK, nil, "policy", "add-officer", "--archive="+a.Dir, name, "--key", key+".pub")
		flags = append(flags, "--officer="+name+"="+key)
	}
	return flags
}

// A keyfile of which no copy holds stops a change of custodians, until it is passed over.
func TestRotateDamaged(t *testing.T) {
	a := archivetest.New(t, archivetest.Options{Bundles: 2, Accessions: 1})
	for _, top := range []string{"keyfiles", "keyfiles.2"} {
		if err := os.Remove(filepath.Join(a.Dir, archivetest.Files(t, a.Dir, top)[0])); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"rotate", "custodians", "--archive=" + a.Dir, "-i=" + a.CustodianFile(t), "--recipient=" + a.Custodian.Recipient().String(), "--yes"}
	args = append(args, officerFlags(t, a)...)
	want(t, a.Now, exitVerify, []string{"--skip-damaged"}, args...)
	want(t, a.Now, exitOK, []string{"2 keyfiles", "passed over: "}, append(args, "--skip-damaged")...)
}
