package witness

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"kartoteka/seal"
)

// SpecState is the schema of the state.
const SpecState = "kartoteka/witness-state/1"

// maxState bounds the file, in bytes: some hundred logs.
const maxState = 16 << 20

// state is all a witness remembers.
type state struct {
	Schema  string `json:"schema"`
	Witness string `json:"witness"` // its public key: a state is one witness's
	Logs    []Log  `json:"logs"`    // by origin
}

// Log is a log and the checkpoint of it that was cosigned last, as its log signed it.
type Log struct {
	Origin     string `json:"origin"`
	Checkpoint string `json:"checkpoint"`
}

// openState reads the file, or begins one.
func openState(name string, key seal.WitnessKey, first bool) (state, error) {
	if first {
		if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
			return state{}, fmt.Errorf("witness state %s is there already: begin no other under the same key", name)
		}
		s := state{Schema: SpecState, Witness: key.String(), Logs: []Log{}}
		return s, s.write(name)
	}
	s, err := readState(name)
	if err == nil && s.Witness != key.String() {
		err = fmt.Errorf("witness state %s is of another witness: %.80s", name, s.Witness)
	}
	return s, err
}

func readState(name string) (s state, err error) {
	data, err := readFile(name, maxState)
	if err != nil {
		return s, fmt.Errorf("witness state: %w", err)
	}
	if err := seal.UnmarshalStrict(data, &s); err != nil {
		return s, fmt.Errorf("witness state %s: %w", name, err)
	}
	if s.Schema != SpecState {
		return s, fmt.Errorf("witness state %s: schema is not %s", name, SpecState)
	}
	seen := map[string]bool{}
	for _, l := range s.Logs {
		c, err := seal.PeekCheckpoint([]byte(l.Checkpoint))
		if err != nil || c.Origin != l.Origin || seen[l.Origin] {
			return s, fmt.Errorf("witness state %s: the checkpoint of %.80q is none, of another log, or there twice", name, l.Origin)
		}
		seen[l.Origin] = true
	}
	return s, nil
}

// last is the checkpoint cosigned last, and its note; of size 0 for a log that is new.
func (s state) last(origin string) (seal.Checkpoint, string) {
	for _, l := range s.Logs {
		if l.Origin == origin {
			c, _ := seal.PeekCheckpoint([]byte(l.Checkpoint)) // readState and Add let nothing else in
			return c, l.Checkpoint
		}
	}
	return seal.Checkpoint{Origin: origin}, ""
}

// with is a state of its own: what is in use changes only when the file is durable.
func (s state) with(origin string, checkpoint []byte) state {
	s.Logs = slices.Clone(s.Logs)
	for i := range s.Logs {
		if s.Logs[i].Origin == origin {
			s.Logs[i].Checkpoint = string(checkpoint)
			return s
		}
	}
	s.Logs = append(s.Logs, Log{origin, string(checkpoint)})
	return s
}

func (s state) write(name string) error {
	data, err := seal.Marshal(s)
	if err != nil {
		return err
	}
	if err := replace(name, append(data, '\n')); err != nil {
		return fmt.Errorf("witness state: %w", err)
	}
	return nil
}

// Shown is what Show tells of a state.
type Shown struct {
	Witness  string
	Logs     []Log
	Evidence []string // files beside it
}

// Show reads a state for people. A witness may be at work on it.
func Show(name string) (Shown, error) {
	s, err := readState(name)
	if err != nil {
		return Shown{}, err
	}
	kept, err := evidenceFiles(name)
	return Shown{s.Witness, s.Logs, kept}, err
}
