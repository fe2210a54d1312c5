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
	Age  string `json:"age"` // age1pq1…, or a pair of them, see [Pair]; a classic age1… only where the archive was made with --allow-classic
}

// Pair is two recipients who open only together: what is sealed to them is an age file to the first whose plaintext is an
// age file to the second. Two of three custodians are three pairs.
type Pair [2]single

// String is the text form: both, in sorted order, joined by a plus sign.
func (p Pair) String() string { return p[0].String() + "+" + p[1].String() }

// Fingerprint names a recipient in keyfiles and events: 16 hex digits of SHA-256 over its text form.
func Fingerprint(recipient string) string {
	sum := sha256.Sum256([]byte(recipient))
	return hex.EncodeToString(sum[:8])
}

// ParseRecipient reads an age recipient or a [Pair]; a classic one only when allowed.
func ParseRecipient(s string, allowClassic bool) (fmt.Stringer, error) {
	members := strings.Split(s, "+")
	switch {
	case len(members) == 1:
		return parseSingle(s, allowClassic)
	case len(members) > 2:
		return nil, errors.New("more than two recipients are joined: a pair has two")
	case members[0] >= members[1]: // one spelling, one fingerprint
		return nil, errors.New("a pair is two different recipients in sorted order")
	}
	var p Pair
	for i, m := range members {
		r, err := parseSingle(m, allowClassic)
		if err != nil {
			return nil, err
		}
		p[i] = r
	}
	return p, nil
}

// single is what age seals to.
type single interface {
	age.Recipient
	fmt.Stringer
}

func parseSingle(s string, allowClassic bool) (single, error) {
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

// SealTo makes an ordinary age file to one recipient; to a pair, one inside the other.
func SealTo(recipient string, plain []byte) ([]byte, error) {
	to, err := ParseRecipient(recipient, true)
	if err != nil {
		return nil, err
	}
	pair, ok := to.(Pair)
	if !ok {
		return encrypt(to.(single), plain)
	}
	inner, err := encrypt(pair[1], plain)
	if err != nil {
		return nil, err
	}
	return encrypt(pair[0], inner)
}

func encrypt(to age.Recipient, plain []byte) ([]byte, error) {
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
