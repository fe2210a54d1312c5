package cli

import (
	"errors"

	"filippo.io/age"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"kartoteka/archive"
	"kartoteka/archive/reading"
	"kartoteka/seal"
	"kartoteka/verify"
)

func newRotate(e *Env) *cobra.Command {
	c := &cobra.Command{
		Use:   "rotate",
		Short: "change who opens the archive, or the key that signs its log",
		Long: `Changes the custodians or the log key. Each prints a plan and does nothing until --yes is given.
kartotekad must be stopped meanwhile.`,
		Example: `  kartoteka rotate custodians --recipient anna.key.pub --recipient olena.key.pub -i anna.key
  kartoteka rotate log-key -i anna.key`,
		RunE: needsVerb,
	}
	c.AddCommand(newRotateCustodians(e), newRotateLogKey(e))
	return c
}

// rotating are the flags of every rotation.
type rotating struct {
	folders
	identities []string
	yes        bool
}

func (r *rotating) flags(set *pflag.FlagSet, e *Env) {
	r.folders.flags(set, e)
	set.StringArrayVarP(&r.identities, "identity", "i", nil, "a present custodian's identity `file`")
	set.BoolVar(&r.yes, "yes", false, "do it; without it the plan is printed and nothing is done")
}

// plan opens the archive for reading only: nothing is done to it.
func (e *Env) plan(ids []age.Identity, look func(*archive.Archive, *reading.Room) error) error {
	a, err := e.openArchive(archive.Options{})
	if err != nil {
		return err
	}
	defer a.Close()
	return look(a, reading.NewRoom(a, ids...))
}

// carryOut opens the archive for writing.
func (e *Env) carryOut(f folders, ids []age.Identity, do func(*archive.Archive, *reading.Room) error) error {
	a, err := e.openWriter(f, "stop kartotekad first, and start it again afterwards")
	if err != nil {
		return err
	}
	defer a.Close()
	err = do(a, reading.NewRoom(a, ids...))
	if errors.Is(err, archive.ErrUnfinished) {
		return &status{exitFailed, err, "it counts from now on; start kartotekad, or any command that writes, to let it be finished"}
	}
	return err
}

// custodians reads the identities of those who have a say now.
func (e *Env) custodians(files []string) ([]age.Identity, error) {
	if len(files) == 0 {
		return nil, &status{exitNoKey, errors.New("no identity is named"), "name a present custodian's identity file with -i"}
	}
	return e.identities(files)
}

// nothingDone ends a plan.
func (e *Env) nothingDone() { e.say("\nnothing was done; --yes does it") }

func policyDigest(a *archive.Archive) (d seal.Digest, err error) {
	data, err := a.PolicyFile()
	return verify.Digest(data), err
}
