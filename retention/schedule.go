// Package retention applies retention law to facts: it decides and never touches files.
//
// A schedule is the law of one jurisdiction written down as rules, with the citation, the confidence and the doubts of
// each. The embedded schedules are research, not legal advice; a hospital may bring its own file, read just as strictly.
// What the rules read is in [seal.Facts]; [Triggers] and [Conditions] say which fact answers which word of the law.
//
// An [Engine] takes one [File] at a time, that is, one patient, and gives a [Decision] for each bundle: from which day it
// may be disposed of, by which rule, and what stands in the way today. What is not known never leads to an earlier day.
// [Refuse] holds a signed order against the decisions of the day; [Engine.Carry] says what disposed bundles leave behind.
// docs/retention.md tells how it decides.
package retention

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"gopkg.in/yaml.v3"
)

// SpecSchedule is the value of a schedule's first line.
const SpecSchedule = "kartoteka/schedule/1"

// maxScheduleSize bounds a file, maxRules a schedule: the longest national list of forms has some hundreds.
const (
	maxScheduleSize = 1 << 20
	maxRules        = 1000
)

// Schedule is the retention law of one jurisdiction, as one file states it.
type Schedule struct {
	Schema       string            `yaml:"schema"`
	Jurisdiction string            `yaml:"jurisdiction"`     // PL, UA, LT: the controller's country; EU: an overlay on PL and LT
	Act          string            `yaml:"act"`              // the acts the citations speak of
	Source       string            `yaml:"source,omitempty"` // where the acts as a whole were read
	Checked      string            `yaml:"checked"`          // YYYY-MM-DD: when somebody last compared the file with the law
	Classes      map[string]string `yaml:"classes"`          // every class the rules may name, with a title for people
	Rules        []Rule            `yaml:"rules"`
	Disposal     *Disposal         `yaml:"disposal,omitempty"`
	Custody      *Custody          `yaml:"custody_after_closure,omitempty"`

	// Digest is the SHA-256 of the file's bytes. Every decision keeps it: it says which law, in which wording, was applied.
	Digest Digest `yaml:"-"`
}

// Digest is the SHA-256 of a schedule file.
type Digest [sha256.Size]byte

// String gives 64 lower-case hex digits.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

//go:embed schedules/pl.yaml schedules/ua.yaml schedules/lt.yaml schedules/eu.yaml
var embedded embed.FS

// Load reads the embedded schedules: PL, UA, LT and the EU overlay, in this order.
func Load() ([]Schedule, error) {
	var all []Schedule
	for _, name := range []string{"pl", "ua", "lt", "eu"} {
		f, err := embedded.Open("schedules/" + name + ".yaml")
		if err != nil {
			return nil, err
		}
		s, err := Parse(f)
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("embedded schedule %s: %w", name, err)
		}
		all = append(all, s)
	}
	return all, nil
}

// Parse reads one schedule file of at most 1 MiB. Its first line must be "schema: kartoteka/schedule/1"; unknown keys,
// aliases, tags and every scalar that two YAML readers could take differently are refused. The error lists all problems
// found, those of the law under their rule's id.
func Parse(r io.Reader) (Schedule, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxScheduleSize+1))
	if err != nil {
		return Schedule{}, fmt.Errorf("read schedule: %w", err)
	}
	s, err := decode(raw)
	if err != nil {
		return Schedule{}, fmt.Errorf("parse schedule: %w", err)
	}
	if err := s.check(); err != nil {
		return Schedule{}, fmt.Errorf("schedule %s: %w", s.Jurisdiction, err)
	}
	s.Digest = sha256.Sum256(raw)
	return s, nil
}

func decode(raw []byte) (Schedule, error) {
	if len(raw) > maxScheduleSize {
		return Schedule{}, fmt.Errorf("file is larger than %d bytes", maxScheduleSize)
	}
	if err := firstLine(raw); err != nil {
		return Schedule{}, err
	}
	if err := plainYAML(raw); err != nil {
		return Schedule{}, err
	}
	var s Schedule
	d := yaml.NewDecoder(bytes.NewReader(raw))
	d.KnownFields(true)
	if err := d.Decode(&s); err != nil {
		// yaml.v3 names the Go type; the person at the file knows only keys and lines.
		return Schedule{}, errors.New(strings.ReplaceAll(err.Error(), " in type retention.", " in a schedule's "))
	}
	return s, nil
}

// firstLine takes the schema from the bytes, before any YAML is read: a later version may not be YAML at all.
func firstLine(raw []byte) error {
	line, _, _ := bytes.Cut(raw, []byte("\n"))
	line = bytes.TrimSuffix(line, []byte("\r")) // edited on Windows
	if want := "schema: " + SpecSchedule; string(line) != want {
		return fmt.Errorf("first line is %.60q, want %q", line, want)
	}
	return nil
}
