package daemon

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const root = "../../.."

// TestDaemonOpensNoDocument: no code that kartotekad's program holds opens a committed document, envelope or capsule
// (docs/invariants.md, 8). The packages that do are not in it.
func TestDaemonOpensNoDocument(t *testing.T) {
	deps := reached(t, "kartoteka/cmd/kartotekad")
	for _, p := range []string{"kartoteka/seal/unseal", "kartoteka/archive/reading", "kartoteka/cmd/internal/cli"} {
		if deps[p] {
			t.Errorf("kartotekad reaches %s", p)
		}
	}
	if !deps["kartoteka/archive"] || !deps["kartoteka/seal"] || !deps["kartoteka/cmd/internal/appraisal"] || !deps["kartoteka/retention"] {
		t.Error("the list of dependencies is not one")
	}
}

// TestVerifyIsSmall: what an outsider needs to check us stays free of databases and command lines.
func TestVerifyIsSmall(t *testing.T) {
	deps := reached(t, "kartoteka/verify")
	for p := range deps {
		if strings.HasPrefix(p, "go.etcd.io/bbolt") || strings.HasPrefix(p, "github.com/spf13/") {
			t.Errorf("verify reaches %s", p)
		}
	}
}

func reached(t *testing.T, pkg string) map[string]bool {
	t.Helper()
	out, err := exec.Command("go", "list", "-deps", pkg).Output()
	if err != nil {
		t.Fatal(err)
	}
	deps := map[string]bool{}
	for _, p := range strings.Fields(string(out)) {
		deps[p] = true
	}
	return deps
}

// TestImportRules: imports go one way (docs/overview.md). archive and retention meet in an order, which is a seal type.
func TestImportRules(t *testing.T) {
	may := map[string][]string{
		"seal": {"seal"}, "verify": {"verify", "seal"}, "retention": {"retention", "seal"},
		"archive": {"archive", "verify", "seal", "docs"}, "cmd": {"cmd", "archive", "retention", "verify", "seal"},
	}
	eachFile(t, func(name string, f *ast.File) {
		top, _, _ := strings.Cut(name, "/")
		if strings.HasSuffix(f.Name.Name, "_test") { // a test from outside its package is no part of it
			return
		}
		for _, p := range imports(f) {
			to, ours := strings.CutPrefix(p, "kartoteka/")
			if to, _, _ = strings.Cut(to, "/"); ours && !slices.Contains(may[top], to) {
				t.Errorf("%s imports %s: %s may import %v", name, p, top, may[top])
			}
			if strings.HasPrefix(name, "verify/") && !strings.HasSuffix(name, "_test.go") && (strings.Contains(p, "bbolt") || strings.Contains(p, "cobra")) {
				t.Errorf("%s imports %s", name, p)
			}
		}
	})
}

// TestSigstoreStaysAtItsPlace: what reads and writes signatures of others is in few hands. Tests make keys as they like.
func TestSigstoreStaysAtItsPlace(t *testing.T) {
	eachFile(t, func(name string, f *ast.File) {
		dir := path.Dir(name)
		if strings.HasSuffix(name, "_test.go") || dir == "archive/archivetest" || strings.HasPrefix(dir, "cmd/") {
			return
		}
		for _, p := range imports(f) {
			if strings.HasPrefix(p, "github.com/sigstore/") && name != "seal/envelope.go" && name != "verify/sig.go" {
				t.Errorf("%s imports %s", name, p)
			}
		}
	})
}

// TestDecryptionStaysAtItsPlace: calls of age that open something stand in seal/unseal, and in seal/entry.go, which
// opens index entries.
func TestDecryptionStaysAtItsPlace(t *testing.T) {
	opening := []string{"Decrypt", "DecryptReaderAt", "DecryptHeader", "NewScryptIdentity", "NewInjectedFileKeyIdentity"}
	found := 0
	eachFile(t, func(name string, f *ast.File) {
		age := nameOf(f, "filippo.io/age")
		if age == "" || strings.HasSuffix(name, "_test.go") {
			return
		}
		if age == "." {
			t.Errorf("%s imports age without a name", name)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok || !slices.Contains(opening, sel.Sel.Name) {
				return true
			}
			if x, ok := sel.X.(*ast.Ident); !ok || x.Name != age {
				return true
			}
			found++
			if path.Dir(name) != "seal/unseal" && name != "seal/entry.go" {
				t.Errorf("%s uses age.%s", name, sel.Sel.Name)
			}
			return true
		})
	})
	if found == 0 {
		t.Error("found no decryption at all: the check checks nothing")
	}
}

// nameOf is the name under which a file imports a package; empty if it does not.
func nameOf(f *ast.File, pkg string) string {
	for _, i := range f.Imports {
		if p, _ := strconv.Unquote(i.Path.Value); p == pkg {
			if i.Name != nil {
				return i.Name.Name
			}
			return path.Base(pkg)
		}
	}
	return ""
}

func imports(f *ast.File) (list []string) {
	for _, i := range f.Imports {
		p, _ := strconv.Unquote(i.Path.Value)
		list = append(list, p)
	}
	return list
}

// eachFile parses every Go file of the module.
func eachFile(t *testing.T, f func(name string, file *ast.File)) {
	t.Helper()
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(root, p)
		name = filepath.ToSlash(name)
		if d.IsDir() {
			if b := d.Name(); p != root && (strings.HasPrefix(b, ".") || b == "testdata" || b == "vendor") {
				return filepath.SkipDir
			}
			if _, err := os.Stat(filepath.Join(p, "go.mod")); p != root && err == nil { // a module of its own, for tests
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || !strings.Contains(name, "/") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.SkipObjectResolution)
		if err == nil {
			f(name, file)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
