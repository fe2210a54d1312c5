package container

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func writeZip(t *testing.T, w *Writer, names []string, body func(string) string) {
	t.Helper()
	for i, n := range names {
		f, err := w.Create(n, i%2 == 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, body(n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestWriter(t *testing.T) {
	names := []string{"bundle.sigstore.json", "documents/zażółć.xml", "documents/a~b.pdf", "documents/empty", "x/empty"}
	body := func(n string) string {
		if strings.HasSuffix(n, "empty") {
			return ""
		}
		return strings.Repeat(n, 1000)
	}
	var b [2]bytes.Buffer
	for i := range b {
		writeZip(t, NewWriter(&b[i]), names, body)
	}
	if !bytes.Equal(b[0].Bytes(), b[1].Bytes()) {
		t.Error("the same entries gave other bytes")
	}
	c, err := NewZip(bytes.NewReader(b[0].Bytes()), int64(b[0].Len()), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		if content(t, c, n) != body(n) {
			t.Errorf("%s has other bytes", n)
		}
	}
	zr, err := zip.NewReader(bytes.NewReader(b[0].Bytes()), int64(b[0].Len()))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range zr.File {
		if len(f.Extra) != 0 || f.Modified.Format("2006-01-02") != "1980-01-01" {
			t.Errorf("%s: %d bytes of extra field, modified %v", f.Name, len(f.Extra), f.Modified)
		}
	}
}

func TestWriterRefuses(t *testing.T) {
	tests := []struct {
		name  string
		names []string
		lim   Limits
		want  string
	}{
		{"nothing", nil, Limits{}, CodeEmpty},
		{"name", []string{"../a"}, Limits{}, CodeNameTraversal},
		{"folder", []string{"a/"}, Limits{}, CodeNameTraversal},
		{"twin", []string{"a", "A"}, Limits{}, CodeNameTwin},
		{"duplicate", []string{"a", "a"}, Limits{}, CodeDuplicate},
		{"file and folder", []string{"a", "a/b"}, Limits{}, CodeDuplicate},
		{"too many", []string{"a", "b", "c"}, Limits{MaxEntries: 2}, CodeTooMany},
		{"too large", []string{"a"}, Limits{MaxEntrySize: 4}, CodeTooLarge},
		{"too large together", []string{"a", "b"}, Limits{MaxTotalSize: 9}, CodeTooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := NewWriter(io.Discard)
			w.Limits = tt.lim
			var first error
			for _, n := range tt.names {
				f, err := w.Create(n, false)
				if err == nil {
					_, err = io.WriteString(f, "hello")
				}
				if first == nil {
					first = err
				}
			}
			err := w.Close()
			if first == nil {
				first = err
			}
			wantCode(t, first, tt.want)
			if err == nil {
				t.Error("Close succeeds after an error")
			}
		})
	}
	t.Run("late write", func(t *testing.T) {
		w := NewWriter(io.Discard)
		a, _ := w.Create("a", true)
		b, _ := w.Create("b", true)
		if _, err := a.Write([]byte("x")); err == nil {
			t.Error("the entry before still takes bytes")
		}
		if _, err := b.Write([]byte("x")); err != nil {
			t.Error(err)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		if _, err := b.Write([]byte("x")); err == nil {
			t.Error("it takes bytes after Close")
		}
		if w.Close() == nil {
			t.Error("it closes twice")
		}
	})
	t.Run("output fails", func(t *testing.T) {
		w := NewWriter(failing{})
		f, err := w.Create("a", true)
		for i := 0; i < 100 && err == nil; i++ {
			_, err = f.Write(make([]byte, 1<<10))
		}
		if !errors.Is(err, errFull) || !errors.Is(w.Close(), errFull) {
			t.Errorf("got %v, want %v", err, errFull)
		}
	})
}

var errFull = errors.New("no space left")

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errFull }

// Honest files that deflate a thousandfold must still pass our own limits.
func TestWriterRatio(t *testing.T) {
	lim := Limits{RatioFloor: 1 << 20, MaxRatio: 100}
	for _, n := range []int{1 << 19, 1 << 20, 1<<20 + 1, 3 << 20, 20 << 20} {
		for _, parts := range []int{1, 16} {
			t.Run(fmt.Sprintf("%d in %d", n, parts), func(t *testing.T) {
				var b bytes.Buffer
				w := NewWriter(&b)
				w.Limits = lim
				for i := range parts {
					f, err := w.Create(fmt.Sprint(i), false)
					if err != nil {
						t.Fatal(err)
					}
					if _, err := f.Write(make([]byte, n/parts)); err != nil {
						t.Fatal(err)
					}
				}
				if err := w.Close(); err != nil {
					t.Fatal(err)
				}
				if got := verdict(b.Bytes(), lim); got != "ok" {
					t.Errorf("got %s for %d bytes as %d", got, n, b.Len())
				}
				assertStdlibOpens(t, b.Bytes(), parts)
			})
		}
	}
}

// sparse keeps only the writes that are not all zeros.
type sparse struct {
	size   int64
	pieces []piece
}

type piece struct {
	at int64
	b  []byte
}

var zeros = make([]byte, 1<<20)

func (s *sparse) Write(p []byte) (int, error) {
	for q := p; len(q) > 0; {
		n := min(len(q), len(zeros))
		if !bytes.Equal(q[:n], zeros[:n]) {
			s.pieces = append(s.pieces, piece{s.size, bytes.Clone(q[:n])})
		}
		s.size += int64(n)
		q = q[n:]
	}
	return len(p), nil
}

func (s *sparse) ReadAt(p []byte, off int64) (int, error) {
	if off >= s.size {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), s.size-off))
	clear(p[:n])
	for _, c := range s.pieces {
		from, to := max(off, c.at), min(off+int64(n), c.at+int64(len(c.b)))
		if from < to {
			copy(p[from-off:to-off], c.b[from-c.at:to-c.at])
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// More than 4 GiB: sizes, offsets and the end record become 64 bits wide.
func TestWriterZip64(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIP: 4 GiB of zeros; run without -short")
	}
	const size = 4<<30 + 5
	var s sparse
	w := NewWriter(&s)
	for _, n := range []string{"a", "big", "behind"} {
		f, err := w.Create(n, true)
		if err != nil {
			t.Fatal(err)
		}
		if n != "big" {
			io.WriteString(f, "hello")
			continue
		}
		for left := int64(size); left > 0; {
			k := min(left, int64(len(zeros)))
			if _, err := f.Write(zeros[:k]); err != nil {
				t.Fatal(err)
			}
			left -= k
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	c, err := NewZip(&s, s.size, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(c.Entries()); got != fmt.Sprintf("[{a 5} {behind 5} {big %d}]", int64(size)) {
		t.Error(got)
	}
	r, err := c.Open("big")
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 1<<20)
	n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{r}, buf)
	if err != nil || n != size {
		t.Errorf("read %d bytes: %v", n, err)
	}
	if got := content(t, c, "behind"); got != "hello" {
		t.Errorf("got %q", got)
	}
	_, err = NewZip(&s, s.size, Limits{MaxEntrySize: 4 << 30})
	wantCode(t, err, CodeTooLarge)
}

// What senders' own tools write is accepted.
func TestForeignWriters(t *testing.T) {
	dir := layOut(t, map[string]string{"bundle.sigstore.json": "{}", "documents/zażółć.xml": strings.Repeat("<a/>", 1000), "documents/b.pdf": "%PDF"})
	// Info-ZIP sets flag 11 in a UTF-8 locale, but not in C.UTF-8, which a test can count on.
	ascii := layOut(t, map[string]string{"bundle.sigstore.json": "{}", "documents/a.xml": strings.Repeat("<a/>", 1000), "documents/b.pdf": "%PDF"})
	runs := []struct{ pkg, dir, script string }{
		{"zip", ascii, `zip -qr "$OUT" .`},
		{"zip", ascii, `zip -qrD -0 "$OUT" .`},
		{"zip", ascii, `zip -qr -fz "$OUT" bundle.sigstore.json documents`},
		{"zip", ascii, `zip -qr - . | cat > "$OUT"`},
		{"python3", dir, `python3 -m zipfile -c "$OUT" bundle.sigstore.json documents`},
		{"7zip", dir, `7zz a -bso0 "$OUT" .`},
		{"libarchive-tools", dir, `bsdtar --format zip -cf "$OUT" bundle.sigstore.json documents`},
		{"openjdk jar", dir, `jar -cfM "$OUT" bundle.sigstore.json documents`},
	}
	for _, run := range runs {
		t.Run(run.script, func(t *testing.T) {
			if _, err := exec.LookPath(strings.Fields(run.script)[0]); err != nil {
				t.Skipf("SKIP: %v; install the package %s", err, run.pkg)
			}
			out := filepath.Join(t.TempDir(), "out.zip")
			cmd := exec.Command("sh", "-c", run.script)
			cmd.Dir = run.dir
			cmd.Env = append(cmd.Environ(), "OUT="+out, "LC_ALL=C.UTF-8")
			if b, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, b)
			}
			c := openOK(t, out)
			if got := readAll(c); got != "ok" || len(c.Entries()) != 3 {
				t.Errorf("got %s, %v", got, c.Entries())
			}
		})
	}
}

func TestSparse(t *testing.T) {
	var s sparse
	io.WriteString(&s, "a")
	s.Write(zeros)
	io.WriteString(&s, "b")
	b, err := io.ReadAll(io.NewSectionReader(&s, 0, s.size))
	if err != nil || crc32.ChecksumIEEE(b) != crc32.ChecksumIEEE(append(append([]byte("a"), zeros...), 'b')) {
		t.Fatal("the test's own sparse file is wrong")
	}
}
