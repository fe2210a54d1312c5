package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"kartoteka/cmd/internal/cli/jsonoutput"
	"kartoteka/seal"
	"kartoteka/verify"
)

func newVerifyEvidence(e *Env) *cobra.Command {
	var o judging
	c := &cobra.Command{
		Use:   "evidence FILE DOCUMENT --policy POLICY",
		Short: "judge an evidence record",
		Long: `Judges whether an evidence record (RFC 4998), of kartoteka or of anybody else, proves that a document existed: the
document is the one it is of, its trees lead to what was stamped, and every time stamp held when the next one renewed
it, the last one now or at --at. The authorities are those of the policy you pinned (its tsas).

It also says which of three other verifiers would take the record: EU DSS, the BSI's ErVerifyTool (Basis-ERS) and
BouncyCastle; and what each refuses. Whether they trust the authorities is not asked.`,
		Example: `  kartoteka verify evidence letter.xml.sha256.ers letter.xml --policy pinned.json`,
		Args:    cobra.ExactArgs(2),
		RunE:    func(_ *cobra.Command, args []string) error { return e.verifyEvidence(args[0], args[1], o) },
	}
	o.flags(c.Flags())
	return c
}

func (e *Env) verifyEvidence(file, document string, o judging) error {
	if o.policy == "" {
		return usagef("no policy: whoever made the record could have made its authorities too; name the policy you pinned with --policy")
	}
	at, err := o.time()
	if err != nil {
		return err
	}
	if at.IsZero() {
		at = e.Now()
	}
	policy, err := o.pinned()
	if err != nil {
		return err
	}
	if err := free(o.report); err != nil {
		return err
	}
	record, err := readFile(file, seal.MaxEvidenceRecord)
	if err != nil {
		return err
	}
	f, err := os.Open(document)
	if err != nil {
		return err
	}
	f.Close()
	r, said := policy.EvidenceRecord(record, verify.OpenDocument(func() (io.ReadCloser, error) { return os.Open(document) }), at)
	return e.judgedEvidence(file, jsonoutput.EvidenceReport{Report: *r, Evidence: said}, o.report)
}

func (e *Env) judgedEvidence(file string, r jsonoutput.EvidenceReport, to string) error {
	if to != "" {
		data, err := json.MarshalIndent(r, "", "  ")
		if err == nil {
			err = writeOutput(to, append(data, '\n'), 0o644)
		}
		if err != nil {
			return err
		}
	}
	if err := e.print(r, func() {
		e.reportText(file, &r.Report)
		e.evidenceTable(r)
	}); err != nil {
		return err
	}
	return verdict(r.Verdict)
}

// evidenceTable says what the record says, and who else would take it.
func (e *Env) evidenceTable(r jsonoutput.EvidenceReport) {
	if len(r.Evidence.Chains) == 0 {
		return
	}
	fmt.Fprintln(e.Stdout)
	w := tabwriter.NewWriter(e.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CHAIN\tHASH\tSTAMP\tSTAMPED\tAUTHORITY\tJUDGED AT")
	for c, chain := range r.Evidence.Chains {
		for s, stamp := range chain.Stamps {
			tsa := clean(stamp.TSA)
			if tsa == "" {
				tsa = "not accepted"
			}
			fmt.Fprintf(w, "%d\t%s\t%d\t%s\t%s\t%s\n", c+1, chain.Algorithm, s+1, stamp.Time.UTC().Format(time.RFC3339), tsa, seal.At(stamp.Judged))
		}
	}
	w.Flush()
	if len(r.Evidence.Readers) > 0 {
		fmt.Fprintln(e.Stdout)
	}
	for _, v := range r.Evidence.Readers {
		if v.Accepts {
			fmt.Fprintf(e.Stdout, "%s: accepts it\n", v.Name)
			continue
		}
		fmt.Fprintf(e.Stdout, "%s: does not accept it\n", v.Name)
		for _, why := range v.Why {
			writeIndented(e.Stdout, clean(why))
		}
	}
}
