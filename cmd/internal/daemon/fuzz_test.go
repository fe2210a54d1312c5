package daemon

import (
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"kartoteka/seal/fuzztest"
)

// FuzzParseConfig: what is taken is taken the same way again and is within its bounds; what is not is told in one line.
func FuzzParseConfig(f *testing.F) {
	example, err := os.ReadFile("../../../docs/kartotekad.example.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(example)
	for _, s := range []string{
		"archive: /srv/a\n", "archive: /srv/a\nsocket: {path: /s, mode: 0600, group: \"0\"}\nroles:\n  - {uid: 1000, role: ingest}\n  - {gid: 4, role: auditor}\ncalendar: {nightly: 22:05, max_wait: 1h30m}\nreserve: 500 GiB\nsegment: 64MiB\nworkers: 3\nlog: {level: warn, format: text}\nstatus_file: /s\n",
		"archive: &a /a\nspool: *a\n", "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n", "archive: /a\n---\narchive: /b", "archive: [", "<<: {archive: /a}\n", "archive: !!binary L2E=\n",
		"archive: /a\nreserve: 9999999999 TiB", "archive: /a\nsocket: {mode: 0o666}", "? archive\n: /a\n", "archive: |\n  /a\n", "%YAML 1.2\n---\narchive: /a\n...\n", "archive: \"\\x2f\\0\"", "# \xff\narchive: /a",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var c *Config
		var err error
		fuzztest.Bounded(t, len(data), func() { c, err = ParseConfig("f", data) })
		if err != nil {
			if !errors.Is(err, ErrConfig) || strings.Contains(err.Error(), "daemon.") {
				t.Errorf("%v", err)
			}
			return
		}
		again, err := ParseConfig("f", data)
		if err != nil || !reflect.DeepEqual(again, c) {
			t.Errorf("%+v, then %+v, %v", c, again, err)
		}
		if c.Reserve < 0 || c.Segment < 0 || c.Workers < 0 || c.Calendar.MaxWait < 0 || time.Duration(c.Calendar.MaxWait) > maxMaxWait ||
			c.Calendar.Nightly < 0 || c.Calendar.Nightly >= 24*60 || c.Socket.Mode&^0o666 != 0 || len(c.Socket.Path) > maxSocketPath {
			t.Errorf("%+v", c)
		}
	})
}
