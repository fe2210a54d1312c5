package seal

import (
	"errors"
	"fmt"
	"slices"
)

// Rewrapping is the file that a key event names: the secrets of each keyfile that was rewrapped.
type Rewrapping struct {
	Schema   string            `json:"schema"`
	Keyfiles []RewrappedSecret `json:"keyfiles"` // by accession and class
}

// RewrappedSecret is one keyfile of a [Rewrapping].
type RewrappedSecret struct {
	Accession AccessionID `json:"accession"`
	Class     Class       `json:"class"`
	Secrets   Digest      `json:"secrets"` // [Keyfile.SecretsSum]
}

func (r RewrappedSecret) compare(other RewrappedSecret) int {
	if c := r.Accession.Compare(other.Accession); c != 0 {
		return c
	}
	return slices.Index(Classes(), r.Class) - slices.Index(Classes(), other.Class)
}

// Marshal gives the file.
func (r Rewrapping) Marshal() ([]byte, error) {
	r.Schema = SpecRewrapping
	b, err := Marshal(r)
	return append(b, '\n'), err
}

// ParseRewrapping reads one.
func ParseRewrapping(data []byte) (Rewrapping, error) {
	var r Rewrapping
	if err := UnmarshalStrict(data, &r); err != nil {
		return r, fmt.Errorf("rewrapping: %w", err)
	}
	if r.Schema != SpecRewrapping || len(r.Keyfiles) == 0 || !ascending(r.Keyfiles, RewrappedSecret.compare) {
		return r, errors.New("rewrapping: schema, or keyfiles are not in order, each once")
	}
	for _, k := range r.Keyfiles { // null where a text must be leaves them empty
		if k.Accession == (AccessionID{}) || k.Class == "" {
			return r, errors.New("rewrapping: a keyfile has no accession or class")
		}
	}
	return r, nil
}

// Find gives the digest of a keyfile's secrets.
func (r Rewrapping) Find(id AccessionID, c Class) (Digest, bool) {
	i, ok := slices.BinarySearchFunc(r.Keyfiles, RewrappedSecret{Accession: id, Class: c}, RewrappedSecret.compare)
	if !ok {
		return Digest{}, false
	}
	return r.Keyfiles[i].Secrets, true
}

// Transfer is the file that a custody event names: the archive passes to another controller.
type Transfer struct {
	Schema string     `json:"schema"`
	Origin string     `json:"origin"`
	From   Controller `json:"from"`
	To     Controller `json:"to"`
	Basis  string     `json:"basis"` // act or decision
	On     Date       `json:"on"`
}

// Marshal gives the file.
func (t Transfer) Marshal() ([]byte, error) {
	t.Schema = SpecTransfer
	if err := t.check(); err != nil {
		return nil, err
	}
	b, err := Marshal(t)
	return append(b, '\n'), err
}

// ParseTransfer reads one.
func ParseTransfer(data []byte) (Transfer, error) {
	var t Transfer
	if err := UnmarshalStrict(data, &t); err != nil {
		return t, fmt.Errorf("transfer: %w", err)
	}
	return t, t.check()
}

func (t Transfer) check() error {
	if t.Schema != SpecTransfer || t.Origin == "" || t.From.Name == "" || t.To.Name == "" || len(t.To.Country) != 2 || t.Basis == "" || len(t.Basis) > maxText || t.On.IsZero() {
		return errors.New("transfer: schema, origin, controllers, basis or day is missing")
	}
	return nil
}

// TransferMessage is what officers sign to pass the archive on: the digest of the transfer's file.
func TransferMessage(origin string, transfer Digest) []byte {
	return fmt.Appendf(nil, "kartoteka/transfer/1\n%s\n%s\n", origin, transfer)
}
