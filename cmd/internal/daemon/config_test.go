package daemon

import (
	"errors"
	"os"
	"os/user"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestConfigDefaults(t *testing.T) {
	c, err := ParseConfig("f", []byte("archive: /srv/a\n"))
	if err != nil {
		t.Fatal(err)
	}
	if c.Private != "/srv/a/private" || c.Spool != "/srv/a/spool" || c.Socket.Path != "/srv/a/kartotekad.sock" || c.Socket.Mode != 0o660 ||
		c.Calendar.Nightly.String() != "00:30" || c.Calendar.MaxWait != 0 || c.Log != (Log{"info", "json"}) {
		t.Errorf("%+v", c)
	}
}

func TestConfigValues(t *testing.T) {
	c, err := ParseConfig("f", []byte(`
archive: /srv/a
private: /run/credentials/kartotekad.service
socket: {path: /run/kartoteka/s, mode: 0600, group: "0"}
roles:
  - {uid: 1000, role: ingest}
  - {gid: 4, role: auditor}
  - {user: root, role: officer}
calendar: {nightly: 22:05, max_wait: 1h30m}
reserve: 500 GiB
segment: 64MiB
workers: 3
log: {level: warn, format: text}
status_file: /run/kartoteka/status.json
`))
	if err != nil {
		t.Fatal(err)
	}
	if c.Socket.Mode != 0o600 || c.Reserve != 500<<30 || c.Segment != 64<<20 || c.Calendar.Nightly != 22*60+5 ||
		time.Duration(c.Calendar.MaxWait) != 90*time.Minute || len(c.Roles) != 3 || *c.Roles[0].UID != 1000 {
		t.Errorf("%+v", c)
	}
	if r, err := newRoles(c.Roles); err != nil || len(r.holders) != 3 || r.holders[2].uid != 0 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestConfigErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "is empty"},
		{"archive: [", "line 1"},
		{"- archive", "cannot unmarshal"},
		{"private: /p", "archive: is missing"},
		{"archive: relative", "archive: \"relative\" is not an absolute path"},
		{"archive: /a\nspool: s", "spool: \"s\" is not"},
		{"archive: /a\nreserv: 1 GiB", "line 2: field reserv is not known"},
		{"archive: /a\nsocket: {paht: /s}", "line 2: field paht is not known"},
		{"archive: /a\narchive: /b", "already defined"},
		{"archive: /a\n---\narchive: /b", "more than one YAML document"},
		{"archive: /a\nreserve: 10", ""},
		{"archive: /a\nreserve: 10G", "line 2: \"10G\" is not a size"},
		{"archive: /a\nreserve: -1", "is not a size"},
		{"archive: /a\nreserve: 9999999999 TiB", "too large"},
		{"archive: /a\nreserve: [1]", "is not a size"},
		{"archive: /a\nsegment: 1 kB", "segment: 1000 bytes"},
		{"archive: /a\nworkers: -1", "workers: -1"},
		{"archive: /a\nworkers: many", "cannot unmarshal"},
		{"archive: /a\ncalendar: {nightly: '24:00'}", "is not a time of day"},
		{"archive: /a\ncalendar: {nightly: '2:30'}", "is not a time of day"},
		{"archive: /a\ncalendar: {max_wait: 0}", ""},
		{"archive: /a\ncalendar: {max_wait: 15}", "is not a time span"},
		{"archive: /a\ncalendar: {max_wait: -5m}", "is not a time span"},
		{"archive: /a\ncalendar: {max_wait: 200h}", "calendar.max_wait"},
		{"archive: /a\nsocket: {mode: '0888'}", "is not a socket's file mode"},
		{"archive: /a\nsocket: {mode: 0o666}", "is not a socket's file mode"},
		{"archive: /a\nsocket: {group: no-such-group-here}", "socket.group: no group"},
		{"archive: /a\nsocket: {path: /" + strings.Repeat("x", 107) + "}", "socket.path: has 108 bytes"},
		{"archive: /a\nlog: {level: loud}", "log.level: \"loud\""},
		{"archive: /a\nlog: {format: xml}", "log.format: \"xml\""},
		{"archive: /a\nroles: [{role: staff}]", "roles[0]: needs exactly one of"},
		{"archive: /a\nroles: [{uid: 1, gid: 1, role: staff}]", "roles[0]: needs exactly one of"},
		{"archive: /a\nroles: [{uid: 1}]", "roles[0]: role: is missing"},
		{"archive: /a\nroles: [{uid: 1, role: boss}]", "roles[0]: role: \"boss\""},
		{"archive: /a\nroles: [{uid: -1, role: staff}]", "is negative"},
		{"archive: /a\nroles: [{user: no-such-user-here, role: staff}]", "roles[0]: user: no user"},
		{"archive: /a\n#" + strings.Repeat("x", maxConfig), "more than"},
	} {
		_, err := ParseConfig("/etc/k.yaml", []byte(c.text))
		if c.want == "" {
			if err != nil {
				t.Errorf("%.80q: %v", c.text, err)
			}
			continue
		}
		if err == nil || !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), "/etc/k.yaml") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.80q: %v; want %q", c.text, err, c.want)
		} else if strings.Contains(err.Error(), "daemon.") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%.80q: not for an administrator: %v", c.text, err)
		}
	}
}

// TestExampleConfig: the example that is delivered is read, and names every field that there is.
func TestExampleConfig(t *testing.T) {
	data, err := os.ReadFile("../../../docs/kartotekad.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for _, name := range []string{"his-sender", "klimek"} { // accounts of the example that this machine does not have
		text = strings.ReplaceAll(text, "user: "+name, "user: "+me.Username)
	}
	text = regexp.MustCompile(`group: kartoteka[-a-z]*`).ReplaceAllString(text, `group: "0"`)
	if _, err := ParseConfig("example", []byte(text)); err != nil {
		t.Error(err)
	}
	guide, err := os.ReadFile("../../../docs/config.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"archive", "private", "spool", "socket", "path", "mode", "group", "roles", "calendar", "nightly", "max_wait",
		"reserve", "segment", "workers", "log", "level", "format", "status_file",
		"stamps", "name", "url", "families", "user", "password_file", "header_file", "timeout", "policy_oid", "no_status"} {
		if !strings.Contains(text, field+":") {
			t.Errorf("the example does not show %s", field)
		}
		if !regexp.MustCompile("[`.]" + field + "[`.]").Match(guide) {
			t.Errorf("config.md does not explain %s", field)
		}
	}
}
