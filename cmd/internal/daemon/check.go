package daemon

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"
)

// Limits of the configuration: beyond them it is a slip, not a wish.
const (
	maxSocketPath = 107 // sun_path of Linux, less the NUL
	maxWorkers    = 1024
	minSegment    = 1 << 20
	maxSegment    = 64 << 30
	maxMaxWait    = 7 * 24 * time.Hour
)

// check says what is wrong, field by field as the file spells them; the first one found.
func (c *Config) check() error {
	if c.Archive == "" {
		return errors.New("archive: is missing")
	}
	for _, p := range []struct{ field, path string }{ // archive first: defaults follow it
		{"archive", c.Archive}, {"private", c.Private}, {"spool", c.Spool}, {"socket.path", c.Socket.Path}, {"status_file", c.StatusFile},
	} {
		if p.path != "" && !filepath.IsAbs(p.path) {
			return fmt.Errorf("%s: %q is not an absolute path", p.field, p.path)
		}
	}
	switch {
	case len(c.Socket.Path) > maxSocketPath:
		return fmt.Errorf("socket.path: has %d bytes; a socket's path has at most %d", len(c.Socket.Path), maxSocketPath)
	case c.Segment != 0 && (c.Segment < minSegment || c.Segment > maxSegment):
		return fmt.Errorf("segment: %d bytes is not between 1 MiB and 64 GiB", c.Segment)
	case c.Workers < 0 || c.Workers > maxWorkers:
		return fmt.Errorf("workers: %d is not between 0 (one per processor) and %d", c.Workers, maxWorkers)
	case time.Duration(c.Calendar.MaxWait) > maxMaxWait:
		return fmt.Errorf("calendar.max_wait: %s is more than a week", time.Duration(c.Calendar.MaxWait))
	case c.Log.Format != "json" && c.Log.Format != "text":
		return fmt.Errorf("log.format: %q is neither json nor text", c.Log.Format)
	}
	if _, err := c.Log.level(); err != nil {
		return err
	}
	for i, a := range c.Stamps {
		if err := a.check(); err != nil {
			return fmt.Errorf("stamps[%d]: %w", i, err)
		}
	}
	for i, g := range c.Roles {
		if err := g.check(); err != nil {
			return fmt.Errorf("roles[%d]: %w", i, err)
		}
	}
	if _, err := lookupGroup(c.Socket.Group); c.Socket.Group != "" && err != nil {
		return fmt.Errorf("socket.group: %w", err)
	}
	return nil
}

func (l Log) level() (slog.Level, error) {
	for _, v := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
		if l.Level == levelName(v) {
			return v, nil
		}
	}
	return 0, fmt.Errorf("log.level: %q is none of debug, info, warn, error", l.Level)
}

func levelName(v slog.Level) string {
	switch v {
	case slog.LevelDebug:
		return "debug"
	case slog.LevelInfo:
		return "info"
	case slog.LevelWarn:
		return "warn"
	}
	return "error"
}
