package daemon

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"kartoteka/archive/stamper"
	"kartoteka/seal"
	"kartoteka/verify"
)

// Authority is a time-stamp authority (RFC 3161).
type Authority struct {
	// Name is its name in the policy (kartoteka policy add-tsa). Required.
	Name string `yaml:"name"`
	// URL of its service, http or https. Required.
	URL string `yaml:"url"`
	// Families that it stamps: sha256, sha512; default both.
	Families []seal.Family `yaml:"families"`
	// User for basic authentication, with the file of the password. Only over https.
	User         string `yaml:"user"`
	PasswordFile string `yaml:"password_file"`
	// HeaderFile holds one header line instead, "Authorization: Bearer …"; it is read at every call.
	HeaderFile string `yaml:"header_file"`
	// Timeout of one call; default 30s.
	Timeout Duration `yaml:"timeout"`
	// PolicyOID is the policy that is asked for; default the authority's own choice.
	PolicyOID string `yaml:"policy_oid"`
	// NoStatus fetches no revocation lists and OCSP answers. Other verifiers of evidence records want them.
	NoStatus bool `yaml:"no_status"`
}

const (
	maxStampTimeout = 10 * time.Minute
	maxPassword     = 4 << 10 // bytes
)

var (
	tsaName = regexp.MustCompile(`^[a-z0-9_]{1,64}$`)
	dotted  = regexp.MustCompile(`^[0-2](\.(0|[1-9][0-9]*))+$`)
)

func (a Authority) check() error {
	u, err := url.Parse(a.URL)
	switch {
	case !tsaName.MatchString(a.Name):
		return fmt.Errorf("name: %q is not a word of a-z, 0-9 and _, as the policy has it", a.Name)
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return errors.New("url: is no address of http or https")
	case u.User != nil:
		return errors.New("url: holds a user; give user and password_file")
	case (a.User == "") != (a.PasswordFile == ""):
		return errors.New("user, password_file: one goes with the other")
	case a.User != "" && a.HeaderFile != "":
		return errors.New("header_file: stands instead of user and password_file")
	case a.PasswordFile != "" && !filepath.IsAbs(a.PasswordFile):
		return fmt.Errorf("password_file: %q is not an absolute path", a.PasswordFile)
	case a.HeaderFile != "" && !filepath.IsAbs(a.HeaderFile):
		return fmt.Errorf("header_file: %q is not an absolute path", a.HeaderFile)
	case time.Duration(a.Timeout) > maxStampTimeout:
		return fmt.Errorf("timeout: %s is more than %s", time.Duration(a.Timeout), maxStampTimeout)
	case a.PolicyOID != "" && !dotted.MatchString(a.PolicyOID):
		return fmt.Errorf("policy_oid: %q is no object identifier in dots", a.PolicyOID)
	}
	for i, f := range a.Families {
		if f.Hash() == 0 || slices.Contains(a.Families[:i], f) {
			return fmt.Errorf("families: %q is neither sha256 nor sha512, or named twice", string(f))
		}
	}
	return nil
}

func (a Authority) families() []seal.Family {
	if len(a.Families) == 0 {
		return seal.Families()
	}
	return a.Families
}

// stamper speaks with the authority. The policy is the one in force: it changes only while the daemon is stopped.
func (a Authority) stamper(p *verify.Policy, log *slog.Logger, now func() time.Time) (*stamper.HTTP, error) {
	h := &stamper.HTTP{URL: a.URL, TSA: a.Name, Trust: p, Profile: a.PolicyOID, User: a.User, HeaderFile: a.HeaderFile,
		Timeout: time.Duration(a.Timeout), NoStatus: a.NoStatus, Now: now, Note: func(text string) { log.Info("time stamp", "note", text) }}
	if a.PasswordFile == "" {
		return h, nil
	}
	data, err := os.ReadFile(a.PasswordFile)
	if err == nil && len(data) > maxPassword {
		err = fmt.Errorf("%s has more than %d bytes", a.PasswordFile, maxPassword)
	}
	h.Password = strings.TrimRight(string(data), "\r\n")
	return h, err
}

// stampers makes those of every family.
func (c *Config) stampers(p *verify.Policy, log *slog.Logger, now func() time.Time) (map[seal.Family][]stamper.Stamper, error) {
	by := map[seal.Family][]stamper.Stamper{}
	for i, a := range c.Stamps {
		s, err := a.stamper(p, log, now)
		if err != nil {
			return nil, fmt.Errorf("%w: %s: stamps[%d]: password_file: %w", ErrConfig, c.file, i, err)
		}
		for _, f := range a.families() {
			by[f] = append(by[f], s)
		}
	}
	return by, nil
}

// warnStamps says at the start what will not work.
func (c *Config) warnStamps(p *verify.Policy, by map[seal.Family][]stamper.Stamper, log *slog.Logger) {
	for _, a := range c.Stamps {
		if !slices.ContainsFunc(p.TSAs, func(t verify.Anchor) bool { return t.Name == a.Name }) {
			log.Warn("the policy has no time-stamp authority of this name; kartoteka policy add-tsa", "name", a.Name)
		}
	}
	for _, f := range seal.Families() {
		if len(by[f]) == 0 {
			log.Warn("no time-stamp authority is configured", "family", string(f))
		}
	}
}
