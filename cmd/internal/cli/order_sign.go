package cli

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/spf13/cobra"

	"kartoteka/seal"
)

func newOrderSign(e *Env) *cobra.Command {
	var officer string
	c := &cobra.Command{
		Use:   "sign FILE --officer NAME=KEY",
		Short: "sign an order, as one of two officers",
		Long: `Prints what the order would destroy, signs it, and puts the signature into the file. Read it with order show first:
a signature says that all of it may be destroyed. Nobody signs twice, under whatever name. It needs no archive: the
second officer may sign on another machine.`,
		Example: `  kartoteka order sign order.json --officer archivist=archivist.pem`,
		Args:    cobra.ExactArgs(1),
		RunE:    func(_ *cobra.Command, args []string) error { return e.signOrder(args[0], officer) },
	}
	c.Flags().StringVar(&officer, "officer", "", "your name in the policy and your signing key, `NAME=FILE`")
	return c
}

func (e *Env) signOrder(name, officer string) error {
	if err := must([2]string{"officer", officer}); err != nil {
		return err
	}
	who, key, ok := strings.Cut(officer, "=")
	if !ok || key == "" || who == "" || strings.Trim(who, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
		return usagef("--officer has the form NAME=FILE, with the name that the policy has")
	}
	f, err := readOrder(name)
	if err != nil {
		return err
	}
	if !e.json {
		e.planText(f.plan(), false)
	}
	signed, err := e.sign(f.signed, who, key)
	if err != nil {
		return fmt.Errorf("sign %s: %w", clean(name), err)
	}
	data, err := signed.Marshal()
	if err != nil {
		return err
	}
	if err := replaceOutput(name, f.data, data); err != nil {
		return err
	}
	f.signed = signed
	return e.print(f.plan(), func() { fmt.Fprintf(e.Stdout, "\nsigned by %s\n", signedBy(f.signers())) })
}

// sign adds a signature. Who signed already, under this name or with this key, does not sign again: it would look like a
// second officer until somebody executes the order.
func (e *Env) sign(s seal.Signed, who, file string) (seal.Signed, error) {
	asked, passphrase := false, ""
	once := *e
	once.Passphrase = func(prompt string) (p string, err error) {
		if !asked {
			passphrase, err = e.Passphrase(prompt)
			asked = err == nil
		}
		return passphrase, err
	}
	signer, err := once.readSigner(file, "")
	if err != nil {
		return s, err
	}
	public, err := publicHalf(file, passphrase)
	if err != nil {
		return s, err
	}
	for _, old := range s.Signatures {
		if public.VerifySignature(bytes.NewReader(old.Sig), bytes.NewReader(s.Message())) == nil {
			return s, fmt.Errorf("this key has signed already, as %s", clean(old.KeyID))
		}
	}
	sig, err := signer.Sign(s.Message())
	if err != nil {
		return s, err
	}
	return s, s.Add(seal.Signature{KeyID: who, Sig: sig})
}

// publicHalf of a signing key that was opened before.
func publicHalf(file, passphrase string) (signature.Verifier, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	key, err := cryptoutils.UnmarshalPEMToPrivateKey(text, cryptoutils.StaticPasswordFunc([]byte(passphrase)))
	if err != nil {
		return nil, err
	}
	private, ok := key.(crypto.Signer)
	if !ok {
		return nil, errors.New("the key signs nothing")
	}
	return signature.LoadVerifier(private.Public(), crypto.SHA256)
}

// replaceOutput puts a file in the place of the one that was read, whole, if it still is the one that was read.
func replaceOutput(name string, old, data []byte) error {
	i, err := os.Stat(name)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".kartoteka-*.part")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if err := f.Chmod(i.Mode().Perm()); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		f.Close()
		return err
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if now, err := os.ReadFile(name); err != nil || !bytes.Equal(now, old) {
		return failf(exitFailed, "%s was changed meanwhile; sign it again", clean(name))
	}
	return os.Rename(f.Name(), name)
}
