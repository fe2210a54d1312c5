package daemon

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kartoteka/archive/archivetest"
)

// BenchmarkRestart kills the program in an intake, and measures how long the next one takes from its start until it
// tells systemd that it answers. It reports the median and the worst; 100 ms are what is aimed at.
func BenchmarkRestart(b *testing.B) {
	a := archivetest.New(b, archivetest.Options{Bundles: 1, Accessions: 1})
	dir, err := os.MkdirTemp("", "kd")
	if err != nil {
		b.Fatal(err)
	}
	defer os.RemoveAll(dir)
	config, kd := filepath.Join(dir, "kartotekad.yaml"), program(b)
	text := fmt.Sprintf("archive: %s\nsocket: {path: %s/s}\nreserve: 1 MiB\ncalendar: {max_wait: 1ms}\nlog: {level: error}\n", a.Dir, dir)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	var took []time.Duration
	n := 1
	for b.Loop() {
		for range 12 {
			made := a.Make(b, n)
			if n++; os.Rename(made.Path, filepath.Join(a.Dir, "spool/incoming", filepath.Base(made.Path))) != nil {
				b.Fatal("the bundle does not go into the spool")
			}
		}
		if out, dead := killAfter(b, kd, config, time.Duration(20+rand.IntN(150))*time.Millisecond); !dead {
			b.Fatal(out)
		}
		took = append(took, untilReady(b, kd, config))
	}
	slices.Sort(took)
	aside, err := os.ReadDir(filepath.Join(a.Dir, "quarantine"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		b.Fatal(err)
	}
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	b.ReportMetric(ms(took[len(took)/2]), "ms/restart")
	b.ReportMetric(ms(took[len(took)-1]), "ms-worst")
	b.ReportMetric(float64(len(aside)), "leftovers")
	b.ReportMetric(0, "ns/op") // of the kills too
}

// untilReady starts the program and kills it once it has said READY=1.
func untilReady(b *testing.B, kd, config string) time.Duration {
	b.Helper()
	path := config + ".notify"
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		b.Fatal(err)
	}
	defer os.Remove(path)
	defer c.Close()
	cmd := exec.Command(kd, "--config", config)
	cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+path)
	start := time.Now()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	c.SetReadDeadline(start.Add(30 * time.Second))
	for buf := make([]byte, 1<<10); ; {
		n, err := c.Read(buf)
		if err != nil {
			b.Fatal(err)
		}
		if strings.Contains(string(buf[:n]), "READY=1") {
			return time.Since(start)
		}
	}
}
