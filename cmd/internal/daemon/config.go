// Package daemon is kartotekad: it watches the spool, takes bundles in when the calendar says so, and answers on the
// local socket. It opens no committed document, and cannot: nothing it reaches imports the package that does
// (imports_test.go).
//
// A bundle's way: watch.go notices it, waiting.go says when it is due, keeper.go and intake.go take it in, status.go
// tells of it. A request's way: socket.go, roles.go, answer.go, and keeper.go where it writes.
package daemon

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"
)

// Config is the configuration file, field for field; docs/config.md explains it to administrators. Unknown fields are
// refused: a mistyped reserve must not mean no reserve.
type Config struct {
	// Archive is the archive's folder. Required.
	Archive string `yaml:"archive"`
	// Private is the folder of the log key and the index identity; default ARCHIVE/private.
	Private string `yaml:"private"`
	// Spool is the folder with incoming, rejected and receipts; default ARCHIVE/spool.
	Spool string `yaml:"spool"`
	// Socket is where kartoteka asks.
	Socket Socket `yaml:"socket"`
	// Roles say who may ask for what. root and the daemon's own user may ask for everything; nobody else may for
	// anything that is not granted here.
	Roles []Grant `yaml:"roles"`
	// Calendar says when bundles are taken in.
	Calendar Calendar `yaml:"calendar"`
	// Stamps are the time-stamp authorities, the first to be asked first; default none: nothing is stamped.
	Stamps []Authority `yaml:"stamps"`
	// Reserve is what is left free on the archive's disk; default 1 GiB, at most a twentieth of the disk.
	Reserve Bytes `yaml:"reserve"`
	// Segment is the size at which a segment is cut; default 256 MiB.
	Segment Bytes `yaml:"segment"`
	// Workers is how many documents are compressed and encrypted side by side; default one per processor.
	Workers int `yaml:"workers"`
	// Log says what is told to stderr, and how.
	Log Log `yaml:"log"`
	// StatusFile is written every 30 seconds with what `kartoteka status --json` says, for monitoring that has no
	// role; default none. It names nobody.
	StatusFile string `yaml:"status_file"`

	file string // for messages
}

// Socket is the local socket.
type Socket struct {
	Path  string `yaml:"path"`  // default ARCHIVE/kartotekad.sock; at most 107 bytes
	Mode  Mode   `yaml:"mode"`  // default 0660
	Group string `yaml:"group"` // name or number; default the daemon's own
}

// Grant gives a role to a user or to everybody in a group. Exactly one of the four is set.
type Grant struct {
	UID   *int   `yaml:"uid"`
	User  string `yaml:"user"`
	GID   *int   `yaml:"gid"`
	Group string `yaml:"group"`
	Role  Role   `yaml:"role"`
}

// Calendar says when an accession is made.
type Calendar struct {
	// Nightly is a time of day in the archive's time zone; default 00:30. On the day the clock is set forward over it,
	// the accession begins right after; on the day it comes twice, the first time.
	Nightly TimeOfDay `yaml:"nightly"`
	// MaxWait is how long a bundle waits at most: an accession begins that long after the oldest bundle came. Default
	// 0: all wait for the night.
	MaxWait Duration `yaml:"max_wait"`
}

// Log says what is told to stderr.
type Log struct {
	Level  string `yaml:"level"`  // debug, info (default), warn, error
	Format string `yaml:"format"` // json (default) or text
}

// maxConfig bounds the file, in bytes.
const maxConfig = 1 << 20

// ErrConfig says that the configuration cannot be used.
var ErrConfig = errors.New("the configuration cannot be used")

// LoadConfig reads and checks the file. Its errors name file and field.
func LoadConfig(file string) (*Config, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxConfig+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return ParseConfig(file, data)
}

// ParseConfig reads and checks a configuration; file is for messages.
func ParseConfig(file string, data []byte) (*Config, error) {
	if len(data) > maxConfig {
		return nil, fmt.Errorf("%w: %s has more than %d bytes", ErrConfig, file, maxConfig)
	}
	c := &Config{file: file, Calendar: Calendar{Nightly: 30}}
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(c); err != nil {
		return nil, fmt.Errorf("%w: %s: %s", ErrConfig, file, yamlText(err))
	}
	if err := d.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: %s: holds more than one YAML document", ErrConfig, file)
	}
	c.defaults()
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrConfig, file, err)
	}
	return c, nil
}

// yamlText makes yaml's message fit for an administrator: one line, no Go types.
func yamlText(err error) string {
	var t *yaml.TypeError
	if errors.Is(err, io.EOF) {
		return "is empty"
	}
	if !errors.As(err, &t) {
		return strings.TrimPrefix(err.Error(), "yaml: ")
	}
	for i, e := range t.Errors {
		e, _, _ = strings.Cut(e, " in type daemon.")
		if i := strings.LastIndex(e, " into "); i >= 0 && strings.Contains(e[i:], "daemon.") {
			e = e[:i]
		}
		t.Errors[i] = strings.Replace(e, " not found", " is not known", 1)
	}
	return strings.Join(t.Errors, "; ")
}

func (c *Config) defaults() {
	fill := func(s *string, value string) {
		if *s == "" {
			*s = value
		}
	}
	fill(&c.Private, filepath.Join(c.Archive, "private"))
	fill(&c.Spool, filepath.Join(c.Archive, "spool"))
	fill(&c.Socket.Path, filepath.Join(c.Archive, "kartotekad.sock"))
	fill(&c.Log.Level, "info")
	fill(&c.Log.Format, "json")
	if c.Socket.Mode == 0 {
		c.Socket.Mode = 0o660
	}
}
