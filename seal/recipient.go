package seal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
)

// Roles of a recipient.
const (
	RecipientCustodian = "custodian"
	RecipientEvidence  = "evidence"
	RecipientIndex     = "index"
)

// Recipients is policy/recipients.json: to whom the secrets of new keyfiles are wrapped.
type Recipients struct {
	Schema     string      `json:"schema"`
	Recipients []Recipient `json:"recipients"`
}

// Recipient is one age recipient and what it may open.
type Recipient struct {
	Name string `json:"name"`
	Role string `json:"role"`
	Age  string `json:"age"` // age1pq1…; a classic age1… only where the archive was made with --allow-classic
}

// Fingerprint names a recipient in keyfiles and events: 16 hex digits of SHA-256 over its text form.
func Fingerprint(recipient string) string {
	sum := sha256.Sum256([]byte(recipient))
	return hex.EncodeToString(sum[:8])
}

// ParseRecipient reads an age recipient; a classic one only when allowed.
func ParseRecipient(s string, allowClassic bool) (age.Recipient, error) {
	if strings.HasPrefix(s, "age1pq1") {
		return age.ParseHybridRecipient(s)
	}
	if !allowClassic {
		return nil, errors.New("not a post-quantum recipient (age1pq1…): what is sealed today must outlast quantum computers")
	}
	return age.ParseX25519Recipient(s)
}

// Marshal gives the file.
func (r Recipients) Marshal() ([]byte, error) {
	r.Schema = SpecRecipients
	b, err := Marshal(r)
	return append(b, '\n'), err
}

// ParseRecipients reads policy/recipients.json.
func ParseRecipients(data []byte) (Recipients, error) {
	var r Recipients
	if err := UnmarshalStrict(data, &r); err != nil {
		return r, fmt.Errorf("recipients: %w", err)
	}
	if r.Schema != SpecRecipients {
		return r, fmt.Errorf("recipients: schema is not %s", SpecRecipients)
	}
	return r, r.check()
}

func (r Recipients) check() error {
	roles, seen := map[string]int{}, map[string]bool{}
	for _, x := range r.Recipients {
		if _, err := ParseRecipient(x.Age, true); err != nil {
			return fmt.Errorf("recipients: %s: %w", x.Name, err)
		}
		if seen[x.Age] {
			return fmt.Errorf("recipients: %s is listed twice", x.Name)
		}
		seen[x.Age] = true
		roles[x.Role]++
	}
	if roles[RecipientCustodian] == 0 || roles[RecipientIndex] != 1 {
		return errors.New("recipients: needs a custodian and one index identity")
	}
	if n := roles[RecipientCustodian] + roles[RecipientEvidence] + roles[RecipientIndex]; n != len(r.Recipients) {
		return fmt.Errorf("recipients: a role is none of %s, %s, %s", RecipientCustodian, RecipientEvidence, RecipientIndex)
	}
	return nil
}

// For lists who may open a class of keyfile.
func (r Recipients) For(c Class) (list []Recipient) {
	for _, x := range r.Recipients {
		if x.Role == RecipientCustodian || (x.Role == RecipientEvidence && c == ClassEvidence) || (x.Role == RecipientIndex && c == ClassIndex) {
			list = append(list, x)
		}
	}
	return list
}

// Wrap seals a keyfile's secret to everyone who may open its class.
func (r Recipients) Wrap(c Class, s Secret) (list []WrappedSecret, err error) {
	for _, x := range r.For(c) {
		b, err := SealTo(x.Age, []byte(s.Passphrase()))
		if err != nil {
			return nil, fmt.Errorf("wrap the secret of %s to %s: %w", c.FileName(), x.Name, err)
		}
		list = append(list, WrappedSecret{To: Fingerprint(x.Age), Age: b})
	}
	return list, nil
}

// SealTo makes an ordinary age file to one recipient.
func SealTo(recipient string, plain []byte) ([]byte, error) {
	to, err := ParseRecipient(recipient, true)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	w, err := age.Encrypt(&b, to)
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(w, bytes.NewReader(plain)); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
