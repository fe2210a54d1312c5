package witness

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"kartoteka/seal"
)

// SpecEvidence is the schema of a file of evidence.
const SpecEvidence = "kartoteka/witness-evidence/1"

// maxEvidence bounds the files of each kind: who has an old checkpoint of the log may send it with a wrong proof for ever.
const maxEvidence = 64

// evidence is what made a witness refuse: two notes signed by one log.
type evidence struct {
	Schema  string    `json:"schema"`
	Kind    string    `json:"kind"` // fork: one size, two roots. proof: the proof sent does not lead from one to the other
	Reason  string    `json:"reason"`
	Time    seal.Time `json:"time"`
	Known   string    `json:"known"`   // cosigned last; empty for a log that is new
	Offered string    `json:"offered"` // refused
	Request string    `json:"request"` // the whole body, with the proof
}

// keep writes the evidence beside the state, each pair of notes once. It gives no name when it was there, or when there
// is enough of its kind.
func keep(state string, e evidence) (name string, err error) {
	sum := sha256.Sum256([]byte(e.Known + "\x00" + e.Offered))
	name = fmt.Sprintf("%s.%s-%x.json", state, e.Kind, sum[:8])
	if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	kept, err := evidenceFiles(state)
	if err != nil {
		return "", err
	}
	n := 0
	for _, k := range kept {
		if strings.HasPrefix(k, filepath.Base(state)+"."+e.Kind+"-") {
			n++
		}
	}
	if n >= maxEvidence {
		return "", nil
	}
	data, err := seal.Marshal(e)
	if err != nil {
		return "", err
	}
	return name, replace(name, append(data, '\n'))
}

// evidenceFiles lists what was kept beside a state.
func evidenceFiles(state string) (names []string, err error) {
	entries, err := os.ReadDir(filepath.Dir(state))
	for _, e := range entries {
		rest, ours := strings.CutPrefix(e.Name(), filepath.Base(state)+".")
		if ours && (strings.HasPrefix(rest, "fork-") || strings.HasPrefix(rest, "proof-")) && strings.HasSuffix(rest, ".json") {
			names = append(names, e.Name())
		}
	}
	return names, err
}
