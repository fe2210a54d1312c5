package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"kartoteka/archive"
	"kartoteka/verify"
)

func newAddOfficer(e *Env, where *folders) *cobra.Command {
	var key, from, until string
	var roles []string
	c := &cobra.Command{
		Use:   "add-officer NAME --key PEM [--role ROLE...]",
		Short: "trust an officer's signature",
		Long: `Trusts the signature of an officer of the archive from now on. What takes two people, accepting
a clock for one, is signed by two officers. NAME is a word of a-z, 0-9 and _; it stands in the log.

Roles say what the signature may decide: clock, accept a clock; hold, end a hold; disposal, order a disposal; custody,
pass the archive on. Without any it may decide all of it.`,
		Example: `  kartoteka policy add-officer archivist --key archivist.pem.pub
  kartoteka policy add-officer director --key director.pem.pub --role hold --role disposal`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			o := verify.Officer{Name: args[0]}
			var err error
			if o.Roles, err = readRoles(roles); err != nil {
				return err
			}
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
	f.StringArrayVar(&roles, "role", nil, "what the signature may decide: `clock`, hold, disposal or custody; may be repeated")
	f.StringVar(&from, "from", "", "`time` from which the officer is trusted")
	f.StringVar(&until, "until", "", "`time` at which the trust ends")
	_ = c.MarkFlagRequired("key")
	return c
}

func readRoles(names []string) (list []verify.Role, err error) {
	for _, n := range names {
		r := verify.Role(n)
		if !slices.Contains(verify.Roles(), r) {
			return nil, usagef("--role %q is none of clock, hold, disposal, custody", clean(n))
		}
		if !slices.Contains(list, r) {
			list = append(list, r)
		}
	}
	return list, nil
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
