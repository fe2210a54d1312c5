package verify

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"kartoteka/seal"
)

// MaxPolicy bounds a policy file, in bytes.
const MaxPolicy = 4 << 20

// Policy holds every trust anchor a verifier uses: whoever ships the anchors can forge (RFC 4810 §4.4.2), so it is
// pinned by the verifier and never taken from what is judged.
type Policy struct {
	Schema    string      `json:"schema"`
	Origin    string      `json:"origin"` // of the log
	LogKeys   []LogKey    `json:"log_keys"`
	Successor seal.Digest `json:"successor"` // SHA-256 of the verifier key that will follow, committed at init
	Producers []Producer  `json:"producers"`
	Officers  []Officer   `json:"officers,omitempty"`
	TSAs      []Anchor    `json:"tsas"`
	Witnesses []LogKey    `json:"witnesses"`

	WitnessQuorum *WitnessQuorum `json:"witness_quorum,omitempty"` // how many of them a checkpoint asks for

	Controller *seal.Controller `json:"controller,omitempty"` // who has the archive now, if it was passed on since it was made
	Retention  *Retention       `json:"retention,omitempty"`  // by which law records are disposed of

	// Algorithms stands in for [Algorithms], the program's own table: what would be judged if one fell. Never in a file.
	Algorithms []Algorithm `json:"-"`
}

// Retention says which schedules the archive applies, beside those of the program: a verifier of a certificate pins them
// with the policy.
type Retention struct {
	Controller string        `json:"controller,omitempty"` // kind of controller, as the schedules' consent.applies_to
	Schedules  []seal.Digest `json:"schedules"`            // the hospital's own, SHA-256 of their files; each replaces its country's
	Overrides  []Override    `json:"overrides"`            // rules marked verify that were compared with the law
}

// Override is the hospital's word that a rule marked verify holds, in this wording of its schedule.
type Override struct {
	Rule     string      `json:"rule"`
	Schedule seal.Digest `json:"schedule"`
	Officer  string      `json:"officer"`
	Basis    string      `json:"basis"` // who compared it with what
}

// LogKey is a note verifier key (C2SP signed-note) and when it signs.
type LogKey struct {
	Key   string     `json:"key"` // name+hash+base64
	From  *seal.Time `json:"from,omitempty"`
	Until *seal.Time `json:"until,omitempty"`

	Entity string `json:"entity,omitempty"` // of a witness: the legal entity it belongs to, if it is not the archive's own
}

// Producer is a system whose bundles are taken in, by its public key or by its certificate's chain.
type Producer struct {
	Name    string     `json:"name"`
	Key     string     `json:"key,omitempty"`     // PEM of a public key
	Chain   string     `json:"chain,omitempty"`   // PEM of root and intermediate certificates
	Subject string     `json:"subject,omitempty"` // with chain: the certificate's subject in RFC 2253 form
	From    *seal.Time `json:"from,omitempty"`
	Until   *seal.Time `json:"until,omitempty"`
}

// Officer is a person of the archive whose signature stands for a decision.
type Officer struct {
	Name  string     `json:"name"`            // a word: a-z, 0-9 and _; it goes into the log, so it may name an office, not a patient
	Key   string     `json:"key"`             // PEM of a public key
	Roles []Role     `json:"roles,omitempty"` // what the signature may decide; none: everything
	From  *seal.Time `json:"from,omitempty"`
	Until *seal.Time `json:"until,omitempty"`
}

func (o Officer) check() error {
	for _, r := range o.Roles {
		if !slices.Contains(Roles(), r) {
			return fmt.Errorf("role %.40q is none of %v", r, Roles())
		}
	}
	if !isWord(o.Name) {
		return errors.New("the name is not a word of a-z, 0-9 and _")
	}
	if o.From != nil && o.Until != nil && !o.From.Before(o.Until.Time) {
		return errors.New("until is not after from")
	}
	_, err := loadKey([]byte(o.Key))
	return err
}

// Anchor is a named set of certificates.
type Anchor struct {
	Name  string `json:"name"`
	Chain string `json:"chain"`
}

// Check says whether an anchor can be used: its name stands in the log, and its chain has a root.
func (a Anchor) Check() error {
	if !isWord(a.Name) {
		return fmt.Errorf("the name %.40q is not a word of a-z, 0-9 and _", a.Name)
	}
	_, _, err := Producer{Chain: a.Chain}.pools()
	return err
}

func isWord(s string) bool {
	return len(s) > 0 && len(s) <= 64 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

// ParsePolicy reads and checks a policy file.
func ParsePolicy(data []byte) (*Policy, error) {
	p := &Policy{}
	if len(data) > MaxPolicy {
		return nil, fmt.Errorf("policy has more than %d bytes", MaxPolicy)
	}
	if err := seal.UnmarshalStrict(data, p); err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	if p.Schema != seal.SpecPolicy || p.Origin == "" || len(p.LogKeys) == 0 {
		return nil, fmt.Errorf("policy: schema is not %s, or origin or log key is missing", seal.SpecPolicy)
	}
	for _, k := range p.LogKeys {
		if _, err := note.NewVerifier(k.Key); err != nil {
			return nil, fmt.Errorf("policy: log key: %w", err)
		}
		if k.From != nil && k.Until != nil && !k.From.Before(k.Until.Time) {
			return nil, errors.New("policy: log key: until is not after from")
		}
		if k.Entity != "" {
			return nil, errors.New("policy: log key: entity is for witnesses")
		}
	}
	if err := p.checkWitnesses(); err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	for _, o := range p.Officers {
		if err := o.check(); err != nil {
			return nil, fmt.Errorf("policy: officer %.40q: %w", o.Name, err)
		}
	}
	for _, pr := range p.Producers {
		if err := pr.check(); err != nil {
			return nil, fmt.Errorf("policy: producer %s: %w", pr.Name, err)
		}
	}
	return p, nil
}

// Marshal gives the file, indented: people read and sign it.
func (p *Policy) Marshal() ([]byte, error) {
	p.Schema = seal.SpecPolicy
	b, err := seal.Marshal(p)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, b, "", "  "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// Digest of a policy file, as events name it.
func Digest(data []byte) seal.Digest { return sha256.Sum256(data) }

// LogVerifiers gives the verifiers of the keys that sign the log at t: the checkpoint must carry all of them.
func (p *Policy) LogVerifiers(t time.Time) (vs []note.Verifier, err error) {
	for _, k := range p.LogKeys {
		if !within(t, k.From, k.Until) {
			continue
		}
		v, err := note.NewVerifier(k.Key)
		if err != nil {
			return nil, err
		}
		vs = append(vs, v)
	}
	if len(vs) == 0 {
		return nil, indeterminate(CodeCheckpoint, "the policy has no log key for %s", seal.At(t))
	}
	return vs, nil
}

func within(t time.Time, from, until *seal.Time) bool {
	return (from == nil || !t.Before(from.Time)) && (until == nil || t.Before(until.Time))
}

func (p Producer) check() error {
	if p.Name == "" || (p.Key == "") == (p.Chain == "") {
		return errors.New("needs a name and either a key or a chain")
	}
	if p.From != nil && p.Until != nil && !p.From.Before(p.Until.Time) {
		return errors.New("until is not after from")
	}
	if p.Key != "" {
		_, err := loadKey([]byte(p.Key))
		return err
	}
	if p.Subject == "" {
		return errors.New("a chain needs the subject of the certificates it may sign for")
	}
	_, _, err := p.pools()
	return err
}

// pools sorts the chain into roots (self-issued) and intermediates.
func (p Producer) pools() (roots, inter *x509.CertPool, err error) {
	roots, inter = x509.NewCertPool(), x509.NewCertPool()
	found := false
	for rest := []byte(p.Chain); ; {
		var b *pem.Block
		if b, rest = pem.Decode(rest); b == nil {
			break
		}
		c, err := x509.ParseCertificate(b.Bytes)
		if err != nil {
			return nil, nil, fmt.Errorf("chain: %w", err)
		}
		if bytes.Equal(c.RawIssuer, c.RawSubject) {
			roots.AddCert(c)
			found = true
		} else {
			inter.AddCert(c)
		}
	}
	if !found {
		return nil, nil, errors.New("chain has no root certificate")
	}
	return roots, inter, nil
}
