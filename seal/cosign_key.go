package seal

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Algorithm bytes of note keys (C2SP signed-note). A witness's key may be written as either: `keygen witness` writes the
// first, as any tool for note keys does. What it signs with is always the second.
const (
	algEd25519     = 1
	algCosignature = 4
)

// WitnessKey is a witness's public key: a note.Verifier of its cosignatures.
type WitnessKey struct {
	name string
	key  ed25519.PublicKey
	hash uint32
}

// ParseWitnessKey reads NAME+HASH+BASE64, the key being of algorithm 1 or 4.
func ParseWitnessKey(text string) (WitnessKey, error) {
	name, key, err := parseNoteKey(text)
	if err != nil {
		return WitnessKey{}, fmt.Errorf("witness key: %w", err)
	}
	return newWitnessKey(name, key), nil
}

func newWitnessKey(name string, key []byte) WitnessKey {
	return WitnessKey{name, key, noteKeyHash(name, algCosignature, key)}
}

// String is the key as one of cosignatures, algorithm 4: the form that a policy holds.
func (k WitnessKey) String() string {
	return fmt.Sprintf("%s+%08x+%s", k.name, k.hash, base64.StdEncoding.EncodeToString(append([]byte{algCosignature}, k.key...)))
}

// Name and KeyHash are, with Verify, what makes it a note.Verifier.
func (k WitnessKey) Name() string { return k.name }

// KeyHash is that of the key as one of cosignatures.
func (k WitnessKey) KeyHash() uint32 { return k.hash }

// Equal says whether two keys are one, whatever their names.
func (k WitnessKey) Equal(other WitnessKey) bool { return k.key.Equal(other.key) }

// Cosigner is a witness's private key.
type Cosigner struct {
	key     WitnessKey
	private ed25519.PrivateKey
}

// ParseCosigner reads PRIVATE+KEY+NAME+HASH+BASE64, the key being of algorithm 1 or 4.
func ParseCosigner(text string) (*Cosigner, error) {
	rest, ok := strings.CutPrefix(text, "PRIVATE+KEY+")
	if !ok {
		return nil, errors.New("witness key: is no note signer key")
	}
	name, hash, alg, seed, err := splitNoteKey(rest)
	if err != nil {
		return nil, fmt.Errorf("witness key: %w", err)
	}
	private := ed25519.NewKeyFromSeed(seed)
	public := private.Public().(ed25519.PublicKey)
	if hash != noteKeyHash(name, alg, public) {
		return nil, errors.New("witness key: its hash is not its own")
	}
	return &Cosigner{newWitnessKey(name, public), private}, nil
}

// Key is the public half.
func (c *Cosigner) Key() WitnessKey { return c.key }

func parseNoteKey(text string) (name string, key []byte, err error) {
	name, hash, alg, key, err := splitNoteKey(text)
	if err == nil && hash != noteKeyHash(name, alg, key) {
		err = errors.New("its hash is not its own")
	}
	return name, key, err
}

// splitNoteKey takes NAME+HASH+BASE64 apart; base64 may have plus signs of its own.
func splitNoteKey(text string) (name string, hash uint32, alg byte, key []byte, err error) {
	name, rest, _ := strings.Cut(text, "+")
	hex, b64, _ := strings.Cut(rest, "+")
	h, herr := strconv.ParseUint(hex, 16, 32)
	raw, kerr := base64.StdEncoding.Strict().DecodeString(b64)
	if herr != nil || kerr != nil || !validName(name) || fmt.Sprintf("%08x", h) != hex || base64.StdEncoding.EncodeToString(raw) != b64 || len(raw) != 1+ed25519.PublicKeySize {
		return "", 0, 0, nil, errors.New("is not NAME+HASH+KEY of an Ed25519 key")
	}
	if raw[0] != algEd25519 && raw[0] != algCosignature {
		return "", 0, 0, nil, fmt.Errorf("algorithm %d is neither Ed25519 nor Ed25519 cosignatures", raw[0])
	}
	return name, uint32(h), raw[0], raw[1:], nil
}

func noteKeyHash(name string, alg byte, key []byte) uint32 {
	sum := sha256.Sum256(append(append([]byte(name+"\n"), alg), key...))
	return binary.BigEndian.Uint32(sum[:])
}

// validName is the rule of signed notes for key names.
func validName(name string) bool {
	return name != "" && utf8.ValidString(name) && strings.IndexFunc(name, unicode.IsSpace) < 0 && !strings.Contains(name, "+")
}
