package unseal

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"
	"filippo.io/age/armor"
)

// maxIdentityFile bounds an identity file, in bytes.
const maxIdentityFile = 1 << 20

// ErrPassphrase says that a passphrase does not open an identity file.
var ErrPassphrase = errors.New("wrong passphrase")

// ErrNeedsPassphrase says that an identity file is protected and no passphrase was to be had.
var ErrNeedsPassphrase = errors.New("the identity file is protected by a passphrase")

// Identities reads an age identity file: plain, or encrypted with a passphrase as age itself does, armoured or not.
func Identities(data []byte, passphrase func() (string, error)) ([]age.Identity, error) {
	if len(data) > maxIdentityFile {
		return nil, fmt.Errorf("identity file has more than %d bytes", maxIdentityFile)
	}
	var src io.Reader = bytes.NewReader(data)
	switch {
	case bytes.HasPrefix(data, []byte(armor.Header)):
		src = armor.NewReader(src)
	case bytes.HasPrefix(data, []byte(ageMagic)):
	default:
		return age.ParseIdentities(src)
	}
	if passphrase == nil {
		return nil, ErrNeedsPassphrase
	}
	p, err := passphrase()
	if err != nil {
		return nil, err
	}
	id, err := age.NewScryptIdentity(p)
	if err != nil {
		return nil, ErrPassphrase
	}
	r, err := age.Decrypt(src, id)
	if errors.Is(err, age.ErrIncorrectIdentity) {
		return nil, ErrPassphrase
	}
	if err != nil {
		return nil, err
	}
	return age.ParseIdentities(io.LimitReader(r, maxIdentityFile))
}
