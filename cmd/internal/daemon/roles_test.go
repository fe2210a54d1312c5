package daemon

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"kartoteka/archive"
	"kartoteka/cmd/internal/appraisal"
	"kartoteka/cmd/internal/wire"
	"kartoteka/seal"
)

func TestRoles(t *testing.T) {
	r := &roles{
		holders: []holder{{1001, -1, RoleIngest}, {-1, 50, RoleStaff}, {-1, 60, RoleAuditor}, {1002, -1, RoleOfficer}},
		groups: func(uid int) ([]int, error) {
			switch uid {
			case 1003:
				return []int{7, 50, 60}, nil
			case 1009:
				return nil, errors.New("the directory does not answer")
			}
			return nil, nil
		},
	}
	officer := slices.DeleteFunc(wire.Ops(), func(op wire.Op) bool { return op == wire.OpIngest })
	for _, c := range []struct {
		name string
		peer peer
		may  []wire.Op
	}{
		{"root", peer{0, 0}, wire.Ops()},
		{"the daemon's own user", peer{os.Getuid(), 99999}, wire.Ops()},
		{"sender", peer{1001, 1001}, []wire.Op{wire.OpStatus, wire.OpIngest}},
		{"officer", peer{1002, 1002}, officer},
		{"by supplementary groups", peer{1003, 1003}, []wire.Op{wire.OpStatus, wire.OpList, wire.OpFind, wire.OpDue, wire.OpRenewals}},
		{"by primary group", peer{1004, 60}, []wire.Op{wire.OpStatus, wire.OpList, wire.OpDue, wire.OpRenewals}},
		{"by primary group alone", peer{1009, 50}, []wire.Op{wire.OpStatus, wire.OpList, wire.OpFind}},
		{"nobody", peer{65534, 65534}, nil},
		{"a uid that is a granted gid", peer{50, 1}, nil},
		{"a gid that is a granted uid", peer{1, 1001}, nil},
	} {
		for _, op := range wire.Ops() {
			if got, want := slices.Contains(r.allowed(c.peer), op), slices.Contains(c.may, op); got != want {
				t.Errorf("%s: %s: %v, want %v", c.name, op, got, want)
			}
		}
	}
}

// TestSocketRoles has another user ask: the kernel says who it is, and the configuration what it may.
func TestSocketRoles(t *testing.T) {
	if path := os.Getenv("KARTOTEKA_TEST_ASK"); path != "" {
		askAsNobody(t, path)
		return
	}
	if os.Getuid() != 0 {
		t.Skip("needs root, to become another user")
	}
	w := newWorld(t, "roles: [{uid: 65534, role: auditor}]")
	w.conf.Socket.Mode = 0o666
	w.start(t, Options{})
	if out, err := w.asNobody(t).CombinedOutput(); err != nil || !strings.Contains(string(out), "asked") {
		t.Errorf("%v\n%s", err, out)
	}
	if !strings.Contains(w.log.String(), `"uid":65534`) {
		t.Error("the refusal was not logged")
	}
}

// asNobody runs this test as user 65534, with the socket in KARTOTEKA_TEST_ASK.
func (w *world) asNobody(t *testing.T) *exec.Cmd {
	t.Helper()
	dir := filepath.Dir(w.conf.Socket.Path)
	self := filepath.Join(dir, "test") // where another user can run it
	data, err := os.ReadFile(os.Args[0])
	if err == nil {
		err = os.WriteFile(self, data, 0o755)
	}
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "KARTOTEKA_TEST_ASK="+w.conf.Socket.Path)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	return cmd
}

func askAsNobody(t *testing.T, path string) {
	c, err := wire.Dial(path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Status(t.Context()); err != nil {
		t.Errorf("status: %v", err)
	}
	if list, err := c.List(t.Context(), archive.Query{}); err != nil || len(list) != 1 {
		t.Errorf("list: %v, %v", list, err)
	}
	if _, err := c.Find(t.Context(), archive.Query{Name: "Kowalska", Born: "1944-05-14"}); !errors.Is(err, wire.ErrForbidden) {
		t.Errorf("find: %v", err)
	}
	if err := c.Ingest(t.Context(), func(archive.Outcome) {}); !errors.Is(err, wire.ErrForbidden) {
		t.Errorf("ingest: %v", err)
	}
	if err := c.Due(t.Context(), wire.Due{}, func([]appraisal.Row) error { return nil }); err != nil {
		t.Errorf("due: %v", err)
	}
	named := appraisal.Whose{Bundles: []seal.LeafIndex{1}}
	for op, err := range map[wire.Op]error{
		wire.OpHolds: second(c.Holds(t.Context())), wire.OpExecute: second(c.Execute(t.Context(), []byte("{}"))), wire.OpCertificate: second(c.Certificate(t.Context(), 7)),
		wire.OpFact:        second(c.Fact(t.Context(), wire.Fact{Whose: named, Facts: seal.Facts{Class: "referral"}, Basis: "b", Officer: "o"})),
		wire.OpOrder:       second(c.Order(t.Context(), wire.Order{Number: "1", Bundles: named.Bundles})),
		wire.OpStep:        second(c.Step(t.Context(), wire.Step{Step: seal.Step{Kind: seal.StepHandedOver, Officer: "o"}, Bundles: named.Bundles})),
		wire.OpReleaseVoid: second(c.ReleaseVoid(t.Context(), 1, "x")),
	} {
		if !errors.Is(err, wire.ErrForbidden) {
			t.Errorf("%s: %v", op, err)
		}
	}
	t.Log("asked")
}
