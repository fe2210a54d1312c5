package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"kartoteka/archive"
	"kartoteka/verify"
)

func newAddOfficer(e *Env, where *folders) *cobra.Command {
	var key, from, until string
	c := &cobra.Command{
		Use:   "add-officer NAME --key PEM",
		Short: "trust an officer's signature",
		Long: `Trusts the signature of an officer of the archive from now on. What takes two people, accepting
a clock for one, is signed by two officers. NAME is a word of a-z, 0-9 and _; it stands in the log.`,
		Example: `  kartoteka policy add-officer archivist --key archivist.pem.pub`,
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			o := verify.Officer{Name: args[0]}
			var err error
			if o.From, err = e.readTime("from", from); err != nil {
				return err
			}
			if o.Until, err = e.readTime("until", until); err != nil {
				return err
			}
			if o.Key, err = readPublicKey(key); err != nil {
				return err
			}
			return e.changePolicy(*where, func(a *archive.Archive) error { return a.AddOfficer(o) })
		},
	}
	f := c.Flags()
	f.StringVar(&key, "key", "", "PEM `file` of the officer's public key")
	f.StringVar(&from, "from", "", "`time` from which the officer is trusted")
	f.StringVar(&until, "until", "", "`time` at which the trust ends")
	_ = c.MarkFlagRequired("key")
	return c
}

func newEndOfficer(e *Env, where *folders) *cobra.Command {
	return newEnd(e, where, "officer", "archivist", (*archive.Archive).EndOfficer)
}

// readOfficers reads the officers named at init.
func readOfficers(names []string) (list []verify.Officer, err error) {
	for _, n := range names {
		name, file, ok := strings.Cut(n, "=")
		if !ok {
			return nil, usagef("--officer has the form NAME=FILE")
		}
		key, err := readPublicKey(file)
		if err != nil {
			return nil, err
		}
		list = append(list, verify.Officer{Name: name, Key: key})
	}
	return list, nil
}
