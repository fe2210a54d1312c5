package archive

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
	"golang.org/x/mod/sumdb/note"

	"kartoteka/archive/internal/durable"
	"kartoteka/seal"
)

// Names in the private folder.
const (
	logKeyName   = "log.key"
	logKeyNext   = "log.key.next" // of a rotation that is being committed
	indexKeyName = "index.key"
)

// Private are the only secrets an ingest host keeps: the key that signs the log and the identity that opens index
// entries. Neither opens a document.
type Private struct {
	Log   note.Signer
	Index *age.HybridIdentity
	Key   seal.IndexKey

	next bool // the log key stands in log.key.next
}

// SealedPrivate is what is sealed to each custodian at init and by every rotation, so that an archive restored without its
// private folder can go on, and a stolen log key be succeeded.
type SealedPrivate struct {
	Schema    string `json:"schema"`
	Origin    string `json:"origin"`
	Log       string `json:"log"`       // note signer key
	Index     string `json:"index"`     // age identity
	Successor string `json:"successor"` // note signer key that the policy commits to
}

const specPrivate = "kartoteka/private/1"

// readPrivate reads the keys that the policy wants after the event of a time.
func readPrivate(dir string, t trust, last time.Time) (*Private, error) {
	p := &Private{}
	var err error
	if p.Log, err = readLogKey(dir, logKeyName, t, last); err != nil {
		next, nerr := readLogKey(dir, logKeyNext, t, last)
		if nerr != nil {
			return nil, err
		}
		p.Log, p.next = next, true
	}
	if p.Index, err = ReadIndexIdentity(dir); err != nil {
		return nil, err
	}
	if !t.indexes(p.Index) {
		return nil, fmt.Errorf("%w: %s is another archive's", ErrPrivate, indexKeyName)
	}
	p.Key = seal.NewIndexKey(p.Index)
	return p, nil
}

func readLogKey(dir, name string, t trust, at time.Time) (note.Signer, error) {
	skey, err := readSecret(filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	s, err := note.NewSigner(skey)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrPrivate, name, err)
	}
	if !t.signs(s, at) {
		return nil, fmt.Errorf("%w: %s is not the log key that the policy has now", ErrPrivate, name)
	}
	return s, nil
}

// settleLogKey ends what a rotation of the log key left: the next key takes its place if it is the one that signs, and
// goes if it was never committed.
func (a *Archive) settleLogKey() error {
	private := a.opt.files(a.opt.Private)
	if a.private.next {
		if err := errors.Join(private.Rename(logKeyNext, logKeyName), private.SyncDir(".")); err != nil {
			return fmt.Errorf("put the new log key into place: %w", err)
		}
		a.private.next = false
	}
	entries, err := private.ReadDir(".")
	for _, e := range entries {
		if n := e.Name(); n == logKeyNext || durable.IsTemp(n) {
			err = errors.Join(err, private.Scrub(n), private.Remove(n), private.SyncDir("."))
		}
	}
	if err != nil {
		return fmt.Errorf("remove a log key that was never committed: %w", err)
	}
	return nil
}

// ReadIndexIdentity reads the index identity alone: enough to search.
func ReadIndexIdentity(dir string) (*age.HybridIdentity, error) {
	s, err := readSecret(filepath.Join(dir, indexKeyName))
	if err != nil {
		return nil, err
	}
	id, err := age.ParseHybridIdentity(s)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrPrivate, indexKeyName, err)
	}
	return id, nil
}

// indexes says whether new index entries are sealed to this identity.
func (t trust) indexes(id *age.HybridIdentity) bool {
	for _, r := range t.recipients.Recipients {
		if r.Role == seal.RecipientIndex && r.Age == id.Recipient().String() {
			return true
		}
	}
	return false
}

// signs says whether the key is one of those that sign the log at a time.
func (t trust) signs(s note.Signer, at time.Time) bool {
	keys, err := t.policy.LogVerifiers(at)
	return err == nil && slices.ContainsFunc(keys, func(v note.Verifier) bool { return keyName(v) == keyName(s) })
}

// ErrPrivate says that the private folder does not hold this archive's keys, or not for this user.
var ErrPrivate = errors.New("the private folder does not give the archive's keys")

func readSecret(name string) (string, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrPrivate, err)
	}
	return strings.TrimSpace(string(b)), nil
}

// seal makes the custodians' copy: one age file to each.
func (s SealedPrivate) seal(recipients seal.Recipients) (map[string][]byte, error) {
	s.Schema = specPrivate
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, r := range recipients.For(seal.ClassContent) {
		b, err := seal.SealTo(r.Age, append(data, '\n'))
		if err != nil {
			return nil, err
		}
		files[seal.Fingerprint(r.Age)+".age"] = b
	}
	return files, nil
}
