package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"kartoteka/cmd/internal/cli/jsonoutput"
	"kartoteka/retention"
)

// runSchedule runs one command; out is stdout, said is stderr.
func runSchedule(ctx context.Context, args ...string) (status int, out, said string) {
	var stdout, stderr bytes.Buffer
	e := &Env{Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Now: time.Now, Getenv: func(string) string { return "" }}
	status = Main(ctx, e, append([]string{"schedule"}, args...))
	return status, stdout.String(), stderr.String()
}

// writeSchedule writes a schedule for UA that keeps everything for long; rules are further ones, in YAML.
func writeSchedule(t *testing.T, name, rules string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	text := `schema: kartoteka/schedule/1
jurisdiction: UA
act: "ours"
checked: "2026-11-21"
classes: {112/o: "child", letter: "letter"}
rules:
  - {id: UA-75, class: any, unit: patient_file, years: 75, trigger: last_entry, rounding: none, cite: "ours", confidence: medium, default: true}
  - {id: UA-112, class: ["112/o"], unit: patient_file, years: 75, trigger: case_closed, rounding: none, cite: "ours", confidence: medium}
` + rules
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// The embedded schedules, brought as a hospital's own, pass and list as the embedded ones do.
func TestScheduleEmbeddedAsOwn(t *testing.T) {
	files, err := filepath.Glob("../../../retention/schedules/*.yaml")
	if err != nil || len(files) != 4 {
		t.Fatalf("got %v, %v", files, err)
	}
	status, out, said := runSchedule(t.Context(), append([]string{"check", "--json"}, files...)...)
	var checked jsonoutput.ScheduleCheck
	if err := json.Unmarshal([]byte(out), &checked); err != nil || status != exitOK {
		t.Fatalf("exit %d, %v\n%s", status, err, said)
	}
	var embedded, own jsonoutput.ScheduleList
	_, out, _ = runSchedule(t.Context(), "list", "--json")
	if err := json.Unmarshal([]byte(out), &embedded); err != nil {
		t.Fatal(err)
	}
	_, out, _ = runSchedule(t.Context(), append([]string{"list", "--json"}, files...)...)
	if err := json.Unmarshal([]byte(out), &own); err != nil {
		t.Fatal(err)
	}
	for i, s := range embedded.Schedules {
		if own.Schedules[i].File == "" || own.Schedules[i].Digest != s.Digest || len(own.Schedules[i].Rules) != len(s.Rules) {
			t.Errorf("%s: got %+v", s.Jurisdiction, own.Schedules[i])
		}
		if !slices.ContainsFunc(checked.Schedules, func(c jsonoutput.CheckedSchedule) bool { return c.Digest == s.Digest && c.Rules == len(s.Rules) }) {
			t.Errorf("%s was not checked under its digest", s.Jurisdiction)
		}
	}
}

// What a file says reaches a terminal clean, and within the width, however long its words are.
func TestScheduleListHostile(t *testing.T) {
	id := "UA-" + strings.Repeat("LONG", 12)
	file := writeSchedule(t, "own.yaml", fmt.Sprintf(`  - {id: %s, class: [letter], unit: document, years: 200, trigger: discharge_or_death, rounding: none, cite: "\e[2J%s żółć\n%s", confidence: low, verify: true, when: {medium: film}}
`, id, strings.Repeat("ż", 150), strings.Repeat("word ", 40)))
	status, out, said := runSchedule(t.Context(), "list", "--country", "UA", file)
	if status != exitOK {
		t.Fatalf("exit %d\n%s", status, said)
	}
	for line := range strings.Lines(out) {
		if line = strings.TrimSuffix(line, "\n"); utf8.RuneCountInString(line) > listWidth {
			t.Errorf("wide: %s", line)
		}
	}
	if strings.Contains(out, "\x1b") || !strings.Contains(out, "only when medium=film") {
		t.Errorf("got\n%s", out)
	}
	status, out, _ = runSchedule(t.Context(), "check", writeSchedule(t, "own\x1b[2J.yaml", ""))
	if status != exitOK || strings.Contains(out, "\x1b") {
		t.Errorf("exit %d\n%q", status, out)
	}
}

// Who waits for a schedule of very many classes may stop it.
func TestScheduleStopped(t *testing.T) {
	file := writeSchedule(t, "own.yaml", "")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var classes strings.Builder
	for i := range 300 {
		fmt.Fprintf(&classes, "k%d: x, ", i)
	}
	if err := os.WriteFile(file, bytes.Replace(data, []byte("classes: {"), []byte("classes: {"+classes.String()), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if status, out, _ := runSchedule(ctx, "check", file); status != exitStopped || out != "" {
		t.Errorf("exit %d, want %d\n%s", status, exitStopped, out)
	}
}

func TestScheduleReasons(t *testing.T) {
	rule := errors.Join(errors.New("rule UA-1: has no period: none"), errors.Join(errors.New("rule number 2: id"), errors.New("act is missing")))
	for _, tt := range []struct {
		err  error
		want []string // rule|text
	}{
		{rule, []string{"UA-1|has no period: none", "|rule number 2: id", "|act is missing"}},
		{errors.New("yaml: unmarshal errors:\n  line 1: a\n  line 2: b"), []string{"|line 1: a", "|line 2: b"}},
		{errors.New("rule of thumb"), []string{"|rule of thumb"}},
	} {
		var got []string
		for _, r := range reasons(tt.err) {
			id, text := ruleOf(r)
			got = append(got, id+"|"+text)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%v: got %q, want %q", tt.err, got, tt.want)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, tt := range []struct {
		text string
		want []string
	}{
		{"", []string{""}},
		{"a b", []string{"a b"}},
		{"abc de f", []string{"abc", "de f"}},
		{"abcdefghij k", []string{"abcd", "efgh", "ij k"}},
		{"żółć gęś", []string{"żółć", "gęś"}},
	} {
		if got := wrap(tt.text, 4); !slices.Equal(got, tt.want) {
			t.Errorf("%q: got %q, want %q", tt.text, got, tt.want)
		}
	}
}

// Of two files for one country the second is refused, and each gets only what is about it.
func TestScheduleTwoForOne(t *testing.T) {
	embedded, err := retention.Load()
	if err != nil {
		t.Fatal(err)
	}
	file := writeSchedule(t, "own.yaml", "")
	own, err := ownSchedules(t.Context(), []string{file, file, "../../../retention/schedules/pl.yaml"}, embedded)
	if err != nil {
		t.Fatal(err)
	}
	if retention.Faulty(own[0].findings) || !retention.Faulty(own[1].findings) || len(own[1].findings) != 1 || retention.Faulty(own[2].findings) {
		t.Errorf("got %v", own)
	}
	for _, f := range own[2].findings {
		if f.Jurisdiction != "PL" {
			t.Errorf("the Polish schedule is told %v", f)
		}
	}
}
