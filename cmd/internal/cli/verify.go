package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"kartoteka/archive"
	"kartoteka/seal"
	"kartoteka/seal/unseal"
	"kartoteka/verify"
	"kartoteka/verify/container"
)

func newVerify(e *Env) *cobra.Command {
	c := &cobra.Command{
		Use:   "verify",
		Short: "judge an archive, its log, a bundle, a packet, a certificate or an evidence record",
		Long: `Judges, and changes nothing. Each check is passed, failed or indeterminate; one failed check fails the whole.
Trust anchors come from the policy file you pinned (--policy). Without one, an archive can only be shown to
agree with itself.`,
		Example: `  kartoteka verify archive --archive /srv/kartoteka --policy pinned.json
  kartoteka verify packet PACKET.zip --policy pinned.json`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return usagef("verify what? archive, log, bundle, packet, certificate or evidence")
		},
	}
	c.AddCommand(newVerifyArchive(e), newVerifyLog(e), newVerifyBundle(e), newVerifyPacket(e), newVerifyCertificate(e), newVerifyEvidence(e))
	return c
}

// judging are the flags every verify has.
type judging struct{ policy, at, report string }

func (j *judging) flags(set *pflag.FlagSet) {
	set.StringVar(&j.policy, "policy", "", "pinned policy `file` with the trust anchors")
	set.StringVar(&j.at, "at", "", "judge as at this `time`: RFC 3339, or a date, whose end (UTC) is meant")
	set.StringVar(&j.report, "report", "", "write the report to this `file`, as JSON")
}

// time of judgement; zero when none was given.
func (j judging) time() (time.Time, error) {
	if j.at == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339, j.at); err == nil {
		return t, nil
	}
	t, err := time.Parse(time.DateOnly, j.at)
	if err != nil {
		return t, usagef("--at %q is neither RFC 3339 (2026-11-21T20:00:00Z) nor a date", clean(j.at))
	}
	return t.Add(24*time.Hour - time.Second), nil
}

// pinned reads the policy given with --policy; nil when none was.
func (j judging) pinned() (*verify.Policy, error) {
	if j.policy == "" {
		return nil, nil
	}
	data, err := readFile(j.policy, verify.MaxPolicy)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usagef("policy: %w", err)
	}
	if err != nil {
		return nil, err
	}
	p, err := verify.ParsePolicy(data)
	if err != nil {
		return nil, &status{exitVerify, fmt.Errorf("%s: %w", clean(j.policy), err), "`kartoteka policy export` writes a policy file"}
	}
	return p, nil
}

// readFile reads a whole file of at most limit bytes. A file above it is none of the kind asked for.
func readFile(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, failf(exitVerify, "%s has more than %d bytes", clean(name), limit)
	}
	return data, nil
}

// parseSample reads 1% or 0.01.
func parseSample(s string) (float64, error) {
	if s == "" {
		return 0, nil
	}
	digits, percent := strings.CutSuffix(s, "%")
	v, err := strconv.ParseFloat(digits, 64)
	if percent {
		v /= 100
	}
	if err != nil || !(v > 0 && v <= 1) {
		return 0, usagef("--sample %q is not a share such as 1%% or 0.01", clean(s))
	}
	return v, nil
}

// identities reads identity files, asking for a passphrase where one is protected.
func (e *Env) identities(files []string) (list []age.Identity, err error) {
	for _, name := range files {
		data, err := readFile(name, 1<<20)
		if err != nil {
			return nil, &status{exitNoKey, err, "name a custodian's identity file with -i"}
		}
		ids, err := unseal.Identities(data, func() (string, error) { return e.Passphrase("passphrase of " + clean(name)) })
		if err != nil {
			return nil, &status{exitNoKey, fmt.Errorf("%s: %w", clean(name), err), ""}
		}
		list = append(list, ids...)
	}
	return list, nil
}

// earlier reads what somebody kept of the log; of a packet that is the receipt of its release.
func earlier(name string) ([]byte, error) {
	const limit = 1 << 20
	var is [4]byte
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	n, _ := io.ReadFull(f, is[:])
	if err := f.Close(); err != nil || string(is[:n]) != "PK\x03\x04" {
		return readFile(name, limit)
	}
	c, err := container.Open(name, container.Limits{MaxEntries: 1 << 20})
	if err != nil {
		return nil, &status{exitVerify, err, ""}
	}
	defer c.Close()
	receipt, err := c.Open(seal.PacketReleaseProof)
	if err != nil {
		return nil, &status{exitVerify, fmt.Errorf("%s is no packet: %w", clean(name), err), ""}
	}
	defer receipt.Close()
	data, err := io.ReadAll(io.LimitReader(receipt, limit))
	if err != nil {
		return nil, &status{exitVerify, err, ""}
	}
	return data, nil
}

// logCheck are the flags of a judgement over an archive's log.
type logCheck struct {
	judging
	since string
}

func (l *logCheck) flags(set *pflag.FlagSet) {
	l.judging.flags(set)
	set.StringVar(&l.since, "since", "", "a checkpoint, receipt, log proof or packet kept earlier: the log must go on from it (`file`)")
}

func (l logCheck) options(e *Env) (dir string, o archive.CheckOptions, err error) {
	if dir, err = e.archiveDir(); err != nil {
		return dir, o, err
	}
	if err = free(l.report); err != nil {
		return dir, o, err
	}
	if o.At, err = l.time(); err != nil {
		return dir, o, err
	}
	if o.Policy, err = l.pinned(); err != nil {
		return dir, o, err
	}
	if l.since != "" {
		o.SinceName = l.since
		if o.Since, err = earlier(l.since); err != nil {
			return dir, o, err
		}
		if o.Since == nil {
			o.Since = []byte{}
		}
	}
	return dir, o, nil
}
