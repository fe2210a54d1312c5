package cli

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"filippo.io/age"

	"kartoteka/cmd/internal/cli/jsonoutput"
	"kartoteka/seal"
)

// keygenOfAnswer is the answer of `keygen custodian --of`: file is what the files' names begin with.
type keygenOfAnswer struct {
	jsonoutput.Keygen
	Custodians []jsonoutput.Keygen    `json:"custodians"`
	Recipients []jsonoutput.Recipient `json:"recipients"` // the pairs
}

// custody is the identities of several custodians before they are written.
type custody struct {
	names  []string // of the files
	pairs  []pair
	public []string
	joined []seal.Recipient // every two of them
}

func (e *Env) keygenOf(o keygenOptions) error {
	n := slices.Index([]string{"2/2", "2/3", "2/4", "2/5"}, o.of) + 2
	if n < 2 {
		return usagef("--of %q is none of 2/2, 2/3, 2/4, 2/5", o.of)
	}
	if o.out == "" || o.out == "-" {
		return usagef("an output file is needed (-o FILE)")
	}
	c := &custody{}
	for i := range n {
		c.names = append(c.names, fmt.Sprintf("%s-%d", o.out, i+1))
		if err := freePair(c.names[i]); err != nil {
			return err
		}
	}
	if err := freeName(o.out + ".pub"); err != nil {
		return err
	}
	if err := e.makeCustody(c, o.plain); err != nil {
		return fmt.Errorf("make custodians' keys: %w", err)
	}
	if err := c.write(o.out + ".pub"); err != nil {
		return err
	}
	return e.printCustody(c, o)
}

// makeCustody makes the identities and numbers them in the order of their recipients: then the first named of a pair is
// the one whose identity opens first.
func (e *Env) makeCustody(c *custody, plain bool) error {
	var ids []*age.HybridIdentity
	for range c.names {
		id, err := age.GenerateHybridIdentity()
		if err != nil {
			return err
		}
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b *age.HybridIdentity) int {
		return strings.Compare(a.Recipient().String(), b.Recipient().String())
	})
	if !plain && e.Getenv("KARTOTEKA_PASSPHRASE") != "" {
		e.warn("all %d have one passphrase, that of KARTOTEKA_PASSPHRASE: whoever knows it needs no second person, only the files", len(ids))
	}
	for i, id := range ids {
		passphrase := ""
		var err error
		if !plain {
			if passphrase, err = e.newPassphrase("new passphrase for " + c.names[i]); err != nil {
				return err
			}
		}
		p, err := identityPair(id, passphrase, e.Now())
		if err != nil {
			return err
		}
		c.pairs, c.public = append(c.pairs, p), append(c.public, id.Recipient().String())
	}
	c.join()
	return nil
}

// join makes a pair of every two custodians.
func (c *custody) join() {
	for i := range c.names {
		for j := i + 1; j < len(c.names); j++ {
			c.joined = append(c.joined, seal.Recipient{Role: seal.RecipientCustodian,
				Name: filepath.Base(c.names[i]) + "+" + filepath.Base(c.names[j]), Age: c.public[i] + "+" + c.public[j]})
		}
	}
}

// write writes all files or none, the pairs last: nobody shall seal to identities that are not there.
func (c *custody) write(pub string) (err error) {
	var written []string
	defer func() {
		if err != nil {
			for _, name := range written {
				os.Remove(name)
				os.Remove(name + ".pub")
			}
		}
	}()
	for i, name := range c.names {
		if err := c.pairs[i].write(name); err != nil {
			return err
		}
		written = append(written, name)
	}
	var text bytes.Buffer
	fmt.Fprintf(&text, "# %d custodians, any two of whom open together: for kartoteka init --recipient\n", len(c.names))
	for _, r := range c.joined {
		fmt.Fprintf(&text, "# %s\n%s\n", r.Name, r.Age)
	}
	return writeOutput(pub, text.Bytes(), 0o644)
}

func (e *Env) printCustody(c *custody, o keygenOptions) error {
	answer := keygenOfAnswer{Keygen: jsonoutput.Keygen{Schema: jsonoutput.SpecKeygen, Kind: "custodian", File: o.out, PublicFile: o.out + ".pub", Protected: !o.plain}}
	for i, name := range c.names {
		answer.Custodians = append(answer.Custodians, jsonoutput.Keygen{Schema: jsonoutput.SpecKeygen, Kind: "custodian", File: name,
			PublicFile: name + ".pub", Protected: !o.plain, Public: c.public[i], Fingerprint: seal.Fingerprint(c.public[i])})
	}
	var lines []string
	for _, r := range c.joined {
		answer.Recipients = append(answer.Recipients, jsonoutput.Recipient{Name: r.Name, Role: r.Role, Fingerprint: seal.Fingerprint(r.Age)})
		lines = append(lines, r.Age)
	}
	answer.Public = strings.Join(lines, "\n")
	return e.print(answer, func() { e.custodyText(answer) })
}

func (e *Env) custodyText(a keygenOfAnswer) {
	for _, c := range a.Custodians {
		fmt.Fprintf(e.Stdout, "secret half  %s\npublic half  %s\n", c.File, c.PublicFile)
	}
	fmt.Fprintf(e.Stdout, "pairs        %s\n", a.PublicFile)
	for _, r := range a.Recipients {
		fmt.Fprintf(e.Stdout, "fingerprint  %s  %s\n", r.Fingerprint, r.Name)
	}
	e.say("give init the pairs, %s; whoever is named by a public half of his own opens alone", a.PublicFile)
}
