package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"kartoteka/seal"
	"kartoteka/verify"
)

func newOrder(e *Env) *cobra.Command {
	c := &cobra.Command{
		Use:   "order",
		Short: "dispose of records: two officers order it",
		Long: `Makes, shows, signs and executes orders of disposal. An order lists bundles with the day and the rule by which each
may go; two officers sign it; it is executed only if everything in it still holds, and as a whole. What is executed
cannot be taken back: the keys of the records are destroyed.`,
		Example: `  kartoteka order create --ready --number 7/2031 -o order.json
  kartoteka order sign order.json --officer archivist=archivist.pem
  kartoteka order sign order.json --officer director=director.pem
  kartoteka order execute order.json --yes --certificate 7-2031.certificate.json --page 7-2031.html`,
		RunE: needsVerb,
	}
	c.AddCommand(newOrderCreate(e), newOrderShow(e), newOrderSign(e), newOrderExecute(e), newOrderCertificate(e))
	return c
}

// orderFile is an order as it was read.
type orderFile struct {
	name   string
	data   []byte
	order  seal.Order
	signed seal.Signed
}

func readOrder(name string) (f orderFile, err error) {
	data, err := readFile(name, seal.MaxSigned)
	if err != nil {
		return f, err
	}
	return parseOrder(name, data)
}

func parseOrder(name string, data []byte) (f orderFile, err error) {
	f = orderFile{name: name, data: data}
	if f.order, f.signed, err = seal.ParseOrder(data); err != nil {
		err = &status{exitVerify, fmt.Errorf("%s: %w", clean(name), err), "`kartoteka order create` writes an order"}
	}
	return f, err
}

// sum is the SHA-256 of what is signed: it stays the same when somebody signs.
func (f orderFile) sum() seal.Digest { return verify.Digest(f.signed.Payload) }

func (f orderFile) signers() (names []string) {
	for _, s := range f.signed.Signatures {
		names = append(names, s.KeyID)
	}
	return names
}
