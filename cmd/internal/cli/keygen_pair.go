package cli

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"time"

	"filippo.io/age"
	"filippo.io/age/armor"
	"golang.org/x/mod/sumdb/note"
)

// pair is a key before it is written.
type pair struct{ private, public []byte }

// identityPair is what `age-keygen -pq` writes, inside an ordinary passphrase-protected age file.
func identityPair(id *age.HybridIdentity, passphrase string, now time.Time) (pair, error) {
	public := id.Recipient().String()
	text := fmt.Sprintf("# created: %s\n# public key: %s\n%s\n", now.Format(time.RFC3339), public, id)
	private, err := protect([]byte(text), passphrase)
	return pair{private, []byte(public + "\n")}, err
}

func witnessPair(name, passphrase string) (pair, error) {
	skey, vkey, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return pair{}, err
	}
	if _, err := note.NewVerifier(vkey); err != nil {
		return pair{}, fmt.Errorf("name %q has a space or a plus sign", name)
	}
	private, err := protect([]byte(skey+"\n"), passphrase)
	return pair{private, []byte(vkey + "\n")}, err
}

// protect makes an armoured age file that stock `age -d` opens with the passphrase.
func protect(text []byte, passphrase string) ([]byte, error) {
	if passphrase == "" {
		return text, nil
	}
	to, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	a := armor.NewWriter(&out)
	w, err := age.Encrypt(a, to)
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(w, bytes.NewReader(text)); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	err = a.Close()
	return out.Bytes(), err
}

// freePair looks before a person is asked for a passphrase in vain.
func freePair(name string) error {
	if name == "" || name == "-" {
		return usagef("an output file is needed (-o FILE)")
	}
	if err := freeName(name); err != nil {
		return err
	}
	return freeName(name + ".pub")
}

func freeName(name string) error {
	if _, err := os.Lstat(name); err == nil {
		return failf(exitFailed, "%s exists; it is not overwritten", name)
	}
	return nil
}

// write gives the secret half its name first: a public half alone would invite sealing to a key that nobody has. If
// the second fails, the first goes again; a crash in between leaves the half from which the other can be made.
func (p pair) write(name string) error {
	public, err := create(name+".pub", 0o644)
	if err != nil {
		return err
	}
	if _, err := public.Write(p.public); err != nil {
		public.abandon()
		return err
	}
	if err := writeOutput(name, p.private, 0o600); err != nil {
		public.abandon()
		return err
	}
	if err := public.commit(); err != nil {
		os.Remove(name)
		return err
	}
	return nil
}
