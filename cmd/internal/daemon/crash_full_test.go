package daemon

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDiskFull leaves the daemon less and less room, so that every write is once the one that fails: an archive with
// its spool on a small disk. With room again the next run takes everything in.
func TestDiskFull(t *testing.T) {
	if !crashAll {
		return
	}
	for _, kind := range []string{"tmpfs", "ext4", "xfs"} {
		t.Run(kind, func(t *testing.T) { diskFull(t, kind) })
	}
}

func diskFull(t *testing.T, kind string) {
	size := map[string]string{"tmpfs": "8m", "ext4": "24M", "xfs": "300M"}[kind]
	s := newScene(t)
	s.saved = filepath.Join(t.TempDir(), "saved")
	d := newDisk(t, kind, size)
	old := s.Dir
	s.moveTo(t, filepath.Join(d.dir, "archive"))
	copyTree(t, old, s.saved)
	config := strings.Replace(read(t, s.config), "reserve: 1 MiB", "reserve: 1 B", 1)
	if err := os.WriteFile(s.config, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	ended := map[string]int{}
	for free := int64(240 << 10); free >= 0; free -= 4 << 10 {
		s.restore(t)
		filler := filepath.Join(d.dir, "filler")
		fill(t, filler, free)
		r := run(t, nil, s.kd, "--config", s.config, "--once")
		s.wantWhole(t)
		os.Remove(filler)
		if r.exit != exitOK && r.exit != exitPartly && !strings.Contains(r.said, "no space left") && !strings.Contains(r.said, "full") {
			t.Errorf("%d KiB free: exit %d: %s", free>>10, r.exit, r.said)
		}
		ended[how(r)]++
		s.finish(t)
		if t.Failed() {
			t.Fatalf("with %d KiB free; exit %d: %s", free>>10, r.exit, r.said)
		}
	}
	t.Logf("ends: %v", ended)
	if len(ended) < 4 {
		t.Error("the room never ended in the middle of an accession: the test tests nothing")
	}
}

// how is where a run came to its end, in few words.
func how(r ran) string {
	for line := range strings.Lines(r.said) {
		if _, text, ok := strings.Cut(line, "kartotekad: "); ok && strings.HasPrefix(line, "kartotekad") {
			return random.ReplaceAllString(strings.TrimSpace(text), "$1*")
		}
	}
	switch {
	case strings.Contains(r.said, "index_behind"):
		return "taken, the index behind"
	case strings.Contains(r.said, "stuck"):
		return "taken, the refused one stuck"
	case strings.Contains(r.said, "no_room"):
		return "no room for a bundle"
	}
	return fmt.Sprint("exit ", r.exit)
}

// fill leaves so many bytes free.
func fill(t *testing.T, name string, free int64) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var size int64
	for block := 64 << 10; block >= 1<<10; { // a file system that guesses says no too early: it is asked again for less
		n, err := f.Write(make([]byte, block))
		if size += int64(n); err != nil {
			f.Sync()
			block /= 4
		}
	}
	if err := f.Truncate(max(0, size-free)); err != nil {
		t.Fatal(err)
	}
	f.Sync()
}
