package cli

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"kartoteka/archive"
	"kartoteka/archive/reading"
	"kartoteka/cmd/internal/cli/jsonoutput"
	"kartoteka/seal"
)

func newEvidenceRefresh(e *Env) *cobra.Command {
	var identities []string
	var out string
	c := &cobra.Command{
		Use:   "refresh PACKET -i IDENTITY -o FILE",
		Short: "write the newer evidence records of a packet that was handed over",
		Long: `Writes the evidence records, as they are now, of the documents in a packet: its holder cannot renew them. An evidence
officer's identity is enough; no document leaves the archive. The file is kept beside the packet, and as the packet is:
it shows the documents' hashes.`,
		Example: `  kartoteka evidence refresh packet.zip -i evidence.key -o packet.evidence.json
  kartoteka verify packet packet.zip --evidence packet.evidence.json --policy pinned.json`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return e.refreshEvidence(args[0], identities, out) },
	}
	f := c.Flags()
	f.StringArrayVarP(&identities, "identity", "i", nil, "an evidence officer's or custodian's identity `file`")
	f.StringVarP(&out, "output", "o", "", "`file` to write")
	return c
}

func (e *Env) refreshEvidence(packet string, identities []string, out string) error {
	if err := must([2]string{"output", out}); err != nil {
		return err
	}
	if err := freeName(out); err != nil {
		return err
	}
	if len(identities) == 0 {
		return &status{exitNoKey, errors.New("no identity is named"), "name an evidence officer's or a custodian's identity file with -i"}
	}
	ids, err := e.identities(identities)
	if err != nil {
		return err
	}
	a, err := e.openArchive(archive.Options{})
	if err != nil {
		return err
	}
	defer a.Close()
	f, gone, err := reading.NewRoom(a, ids...).Refresh(packet)
	if err != nil {
		return fmt.Errorf("%s: %w", clean(packet), err)
	}
	if len(f.Records) == 0 {
		return failf(exitFailed, "nothing of %s has evidence: it was not stamped yet, or was disposed of", clean(packet))
	}
	data, err := f.Marshal()
	if err != nil {
		return err
	}
	if err := writeOutput(out, data, 0o600); err != nil {
		return err
	}
	answer := jsonoutput.EvidenceRefresh{Schema: jsonoutput.SpecEvidenceRefresh, File: out, Records: len(f.Records), Gone: gone}
	err = e.print(answer, func() {
		fmt.Fprintf(e.Stdout, "%s: %d records\n", clean(out), answer.Records)
		e.say("keep it beside the packet; check both with: kartoteka verify packet %s --evidence %s --policy policy.json", clean(packet), clean(out))
	})
	if err == nil && gone > 0 {
		err = failf(exitPartly, "%d bundles were disposed of since: their evidence cannot be renewed", gone)
	}
	return err
}

// refreshFile reads what --evidence names; nil where it names nothing.
func refreshFile(name string) ([]byte, error) {
	if name == "" {
		return nil, nil
	}
	data, err := readFile(name, seal.MaxRefresh)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usagef("evidence: %w", err)
	}
	return data, err
}
