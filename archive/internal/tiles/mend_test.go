package tiles

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"kartoteka/archive/internal/durable"
)

// A copy whose checkpoint is older than its tiles opens, mends and checks clean once the wider tiles are set aside.
func TestMend(t *testing.T) {
	for _, sizes := range [][2]int64{{3, 10}, {250, 300}, {256, 257}, {300, 600}, {511, 513}} {
		dir := t.TempDir()
		fsys := durable.OS(dir)
		l, err := Open(fsys, "log", 0)
		if err != nil {
			t.Fatal(err)
		}
		var roots []string
		for i, size := range sizes {
			var leaves [][]byte
			for n := l.published().size; n < size; n++ {
				leaves = append(leaves, fmt.Appendf(nil, "leaf %d", n))
			}
			tree, err := l.Append(leaves)
			if err != nil {
				t.Fatal(err)
			}
			if err := l.Publish(tree.Size); err != nil {
				t.Fatal(i, err)
			}
			roots = append(roots, tree.Root.String())
		}
		old, err := Open(fsys, "log", sizes[0])
		if err != nil {
			t.Fatalf("%v: %v", sizes, err)
		}
		if err := old.Mend(); err != nil {
			t.Fatalf("%v: %v", sizes, err)
		}
		beyond, err := old.Beyond()
		if err != nil || len(beyond) == 0 {
			t.Fatalf("%v: beyond %v, %v", sizes, beyond, err)
		}
		for _, name := range beyond {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
		tree, problems, err := Check(fsys, "log", sizes[0], nil)
		if err != nil || len(problems) > 0 || tree.Root.String() != roots[0] {
			t.Errorf("%v: %v, problems %v, root %v want %v", sizes, err, problems, tree.Root, roots[0])
		}
	}
}
