package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"kartoteka/archive"
	"kartoteka/archive/reading"
	"kartoteka/cmd/internal/cli/jsonoutput"
	"kartoteka/seal"
	"kartoteka/seal/patient"
)

type exportOptions struct {
	folders
	id         string
	from, to   string
	class      string
	identities []string
	release    string
	out        string
	versions   bool
	restricted bool
	unresolved bool
}

// newExport hands one patient's records over.
func newExport(e *Env) *cobra.Command {
	o := &exportOptions{}
	c := &cobra.Command{
		Use:   "export --id SYSTEM=VALUE -i IDENTITY --release FILE.json -o PACKET.zip",
		Short: "hand one patient's records over as one packet",
		Long: `Makes one ZIP of a patient's documents, byte for byte, with proofs that anyone can
check offline. The release is committed to the log before the packet is written,
after every document was opened and compared; a packet that then fails is voided
in the log too. By default current versions of normal and restricted documents
(confidentiality N and R) leave; anything else needs a reason in the release file.`,
		Example: `  kartoteka export --id pl.pesel=44051401359 -i custodian.key --release request-17.json -o packet.zip`,
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return e.export(c.Context(), o) },
	}
	f := c.Flags()
	f.StringVar(&o.id, "id", "", "the patient's own number and its system, `SYSTEM=VALUE`")
	f.StringVar(&o.from, "from", "", "first `month` of the encounters, YYYY-MM")
	f.StringVar(&o.to, "to", "", "last `month`, YYYY-MM")
	f.StringVar(&o.class, "class", "", "only bundles with a document of this `class`")
	o.flags(f, e)
	f.StringArrayVarP(&o.identities, "identity", "i", nil, "a custodian's identity `file`")
	f.StringVar(&o.release, "release", "", "`file` with the entry of the register of releases")
	f.StringVarP(&o.out, "output", "o", "", "the packet's `file`")
	f.BoolVar(&o.versions, "all-versions", false, "documents that were replaced too")
	f.BoolVar(&o.restricted, "very-restricted", false, "documents of confidentiality V too")
	f.BoolVar(&o.unresolved, "unresolved", false, "bundles whose documents name another patient too")
	return c
}

func (e *Env) export(ctx context.Context, o *exportOptions) error {
	entry, err := readRelease(o)
	if err != nil {
		return err
	}
	query, err := o.query()
	if err != nil {
		return err
	}
	if len(o.identities) == 0 {
		return &status{exitNoKey, errors.New("no identity is named"), "name a custodian's identity file with -i"}
	}
	identities, err := e.identities(o.identities)
	if err != nil {
		return err
	}
	desk, err := e.openDesk(o.folders)
	if err != nil {
		return err
	}
	defer desk.Close()
	found, err := desk.find(ctx, query)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(found, o.covers) {
		return &status{exitFailed, errors.New("not found: the archive has no record of this patient in this range"), "what was disposed of under an order is forgotten: it is not found any more, and nobody can open it"}
	}
	chosen, left, err := o.choose(found)
	if err != nil {
		return err
	}
	x := reading.Export{Select: chosen, LeftOut: left, Release: entry, Now: e.Now, Step: e.slow("documents"),
		// Once it is on its way to the daemon a release may be committed whatever this side does: it is waited for.
		Commit: func(r seal.Release, custodian string) (seal.LeafIndex, error) {
			return desk.release(context.WithoutCancel(ctx), r, custodian)
		},
		Void: func(leaf seal.LeafIndex, code string) error { return desk.void(context.WithoutCancel(ctx), leaf, code) }}
	return e.hand(ctx, reading.NewRoom(desk.archive, identities...), x, o)
}

// query takes own-role numbers only: a mother's number never brings out her child's records. It asks for all of the
// patient's bundles, since the packet says how many documents it leaves out.
func (o *exportOptions) query() (archive.Query, error) {
	q, err := findOptions{id: o.id, role: patient.RoleOwn}.checked()
	if err != nil {
		return q, usagef("export needs the patient's number: --id SYSTEM=VALUE")
	}
	for _, m := range []string{o.from, o.to} {
		if _, err := time.Parse("2006-01", m); m != "" && err != nil {
			return q, usagef("--from and --to are months, YYYY-MM: the index knows no days")
		}
	}
	return q, nil
}

// covers says whether a bundle is in the range that was asked for.
func (o *exportOptions) covers(f archive.Found) bool {
	return (o.from == "" || f.Month >= o.from) && (o.to == "" || f.Month <= o.to) && (o.class == "" || slices.Contains(f.Classes, o.class))
}

func readRelease(o *exportOptions) (seal.Release, error) {
	if o.release == "" {
		return seal.Release{}, usagef("a release needs its entry of the register (--release FILE.json)")
	}
	data, err := os.ReadFile(o.release)
	if err != nil {
		return seal.Release{}, err
	}
	r, err := seal.ParseRelease(data)
	if err != nil {
		return r, usagef("%s: %w", o.release, err)
	}
	if (o.versions || o.restricted || o.unresolved) && r.Reason == "" {
		return r, usagef("%s: more than the default selection needs a reason in the release", o.release)
	}
	return r, nil
}

// choose takes the default selection, and what more was asked for, and counts what stays.
func (o *exportOptions) choose(found []archive.Found) (chosen []reading.Selected, left int, err error) {
	for _, f := range found {
		s := reading.Selected{Leaf: f.Leaf}
		if !o.covers(f) || o.holds(f) {
			left += f.Documents
			continue
		}
		if !o.versions && len(f.Replaced) > 0 {
			if s.Documents = current(f); len(s.Documents) == 0 {
				left += f.Documents
				continue
			}
			left += f.Documents - len(s.Documents)
		}
		chosen = append(chosen, s)
	}
	if len(chosen) == 0 {
		return nil, left, &status{code: exitFailed, err: errors.New("all records found are outside the default selection"),
			hint: "see `kartoteka find`; --all-versions, --very-restricted and --unresolved release more, with a reason"}
	}
	return chosen, left, nil
}

func (o *exportOptions) holds(f archive.Found) bool {
	if f.Conf == "V" && !o.restricted {
		return true
	}
	for _, flag := range f.Flags {
		if flag == seal.FlagUnresolved && !o.unresolved {
			return true
		}
	}
	return false
}

func current(f archive.Found) (documents []int) {
	replaced := map[int]bool{}
	for _, n := range f.Replaced {
		replaced[n] = true
	}
	for n := 1; n <= f.Documents; n++ {
		if !replaced[n] {
			documents = append(documents, n)
		}
	}
	return documents
}

// hand makes the packet under a temporary name and gives it its own only when all is done.
func (e *Env) hand(ctx context.Context, room *reading.Room, x reading.Export, o *exportOptions) error {
	out, err := create(o.out, 0o600)
	if err != nil {
		return err
	}
	handed, err := room.Packet(ctx, out.File, x)
	if err != nil {
		out.abandon()
		return err
	}
	if err := out.commit(); err != nil {
		return errors.Join(err, x.Void(handed.Release, "output_failed"))
	}
	answer := jsonoutput.Export{Schema: jsonoutput.SpecExport, Packet: o.out, Release: handed.Release, Bundles: handed.Bundles, Documents: handed.Documents, LeftOut: handed.LeftOut}
	return e.print(answer, func() {
		fmt.Fprintf(e.Stdout, "%s: %d documents of %d bundles, %d left out; release is event %d\n", o.out, answer.Documents, answer.Bundles, answer.LeftOut, answer.Release)
		e.say("check it with: kartoteka verify packet %s --policy policy.json", o.out)
	})
}
