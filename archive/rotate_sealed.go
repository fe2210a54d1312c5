package archive

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"filippo.io/age"
	"golang.org/x/mod/sumdb/note"

	"kartoteka/archive/internal/durable"
	"kartoteka/seal"
	"kartoteka/verify"
)

// Unsealer opens the first of several age files that a person's identity opens.
type Unsealer func(files [][]byte) ([]byte, error)

// sealedPattern are the names of private keys sealed by a rotation, with the trust event that names them. Init's have no
// number. None is ever written again: events name them by digest.
var sealedPattern = regexp.MustCompile(`^[0-9a-f]{16}-([0-9]{1,18})\.age$`)

// sealedEvent is the event that names a file of policy/sealed, if the file is one of a rotation's.
func sealedEvent(name string) (seal.LeafIndex, bool) {
	m := sealedPattern.FindStringSubmatch(name)
	if m == nil {
		return 0, false
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	return seal.LeafIndex(n), err == nil
}

// openSealed opens the private keys as the last rotation, or Init, sealed them.
func (a *Archive) openSealed(unseal Unsealer) (s SealedPrivate, err error) {
	files, err := a.newestSealed()
	if err != nil {
		return s, err
	}
	plain, err := unseal(files)
	if err != nil {
		return s, fmt.Errorf("open the private keys sealed to the custodians: %w", err)
	}
	if err = seal.UnmarshalStrict(plain, &s); err == nil {
		err = a.checkSealed(s)
	}
	if err != nil {
		return s, &Tampered{Code: verify.CodePolicy, Subject: sealedDir, Reason: "what a custodian's identity opens there: " + err.Error()}
	}
	return s, nil
}

// checkSealed says whether these are the keys of this archive as it is now: whoever can write in the folder could remove
// a later set, and an earlier one would come out.
func (a *Archive) checkSealed(s SealedPrivate) error {
	index, err := age.ParseHybridIdentity(s.Index)
	if err != nil {
		return fmt.Errorf("index identity: %w", err)
	}
	successor, err := verifierKey(s.Successor)
	switch {
	case err != nil:
		return fmt.Errorf("successor: %w", err)
	case s.Schema != specPrivate || s.Origin != a.Spec.Origin || !a.trust.indexes(index):
		return errors.New("is of another archive")
	case verify.Digest([]byte(successor)) != a.trust.policy.Successor:
		return errors.New("the successor key is not the one the policy commits to")
	}
	return nil
}

// newestSealed reads the files of the last event that names such. One that is damaged does not lock the others out.
func (a *Archive) newestSealed() (files [][]byte, err error) {
	names, err := a.list(sealedDir)
	if err != nil {
		return nil, err
	}
	events := []seal.LeafIndex{0} // Init's
	for _, n := range names {
		if i, ok := sealedEvent(n); ok {
			events = append(events, i)
		}
	}
	slices.Sort(events)
	for _, i := range slices.Backward(slices.Compact(events)) {
		for _, f := range a.sealedBy(i) {
			data, rerr := a.readNamed(f.Name, f.SHA256)
			if err = errors.Join(err, rerr); rerr == nil {
				files = append(files, data)
			}
		}
		if len(files) > 0 || err != nil {
			break
		}
	}
	if len(files) == 0 {
		return nil, errors.Join(errors.New("no private keys are sealed to the custodians"), err)
	}
	return files, nil
}

// sealedBy lists the sealed private keys that an event names.
func (a *Archive) sealedBy(i seal.LeafIndex) (files []seal.NamedDigest) {
	_, e, err := a.Event(i)
	if err != nil || e.Trust == nil {
		return nil
	}
	for _, f := range e.Trust.Files {
		if path.Dir(f.Name) == sealedDir {
			files = append(files, f)
		}
	}
	return files
}

// sealPrivate writes the private keys for the custodians to be, under names that the event staged next gives them.
func (s *Accession) sealPrivate(p SealedPrivate) (named []seal.NamedDigest, err error) {
	files, err := p.seal(s.trust.recipients)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		to := path.Join(sealedDir, fmt.Sprintf("%s-%d.age", strings.TrimSuffix(name, ".age"), s.next()))
		// Only an attempt that was never committed can have left a file of this name.
		if err := durable.ReplaceFile(s.a.fs, to, files[name], filePerm); err != nil {
			return nil, err
		}
		named = append(named, seal.NamedDigest{Name: to, SHA256: verify.Digest(files[name])})
	}
	return sorted(named), nil
}

// verifierKey is the public text of a note signer key, PRIVATE+KEY+name+hash+data.
func verifierKey(skey string) (string, error) {
	fields := strings.SplitN(skey, "+", 5)
	if _, err := note.NewSigner(skey); err != nil || len(fields) != 5 {
		return "", errors.New("is no signer key")
	}
	data, err := base64.StdEncoding.DecodeString(fields[4]) // one byte of algorithm, then the seed
	if err != nil || len(data) != 1+ed25519.SeedSize {
		return "", errors.New("is no Ed25519 signer key")
	}
	public := ed25519.NewKeyFromSeed(data[1:]).Public().(ed25519.PublicKey)
	return note.NewEd25519VerifierKey(fields[2], public)
}
