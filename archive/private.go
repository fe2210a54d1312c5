package archive

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"
	"golang.org/x/mod/sumdb/note"

	"kartoteka/seal"
)

// Names in the private folder.
const (
	logKeyName   = "log.key"
	indexKeyName = "index.key"
)

// Private are the only secrets an ingest host keeps: the key that signs the log and the identity that opens index
// entries. Neither opens a document.
type Private struct {
	Log   note.Signer
	Index *age.HybridIdentity
	Key   seal.IndexKey
}

// SealedPrivate is what is sealed to each custodian at init, so that an archive restored without its private folder
// can go on, and a stolen log key be succeeded.
type SealedPrivate struct {
	Schema    string `json:"schema"`
	Origin    string `json:"origin"`
	Log       string `json:"log"`       // note signer key
	Index     string `json:"index"`     // age identity
	Successor string `json:"successor"` // note signer key that the policy commits to
}

const specPrivate = "kartoteka/private/1"

func readPrivate(dir string, t trust) (*Private, error) {
	skey, err := readSecret(filepath.Join(dir, logKeyName))
	if err != nil {
		return nil, err
	}
	p := &Private{}
	if p.Log, err = note.NewSigner(skey); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrPrivate, logKeyName, err)
	}
	if !t.signs(p.Log) {
		return nil, fmt.Errorf("%w: %s is not a log key of the policy", ErrPrivate, logKeyName)
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

func (t trust) signs(s note.Signer) bool {
	for _, k := range t.policy.LogKeys {
		if v, err := note.NewVerifier(k.Key); err == nil && v.Name() == s.Name() && v.KeyHash() == s.KeyHash() {
			return true
		}
	}
	return false
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
