// Package durable writes files so that a crash leaves either the whole file or
// none of it: a file is written once under a temporary name, fsynced, appears
// by rename, and the directory that names it is fsynced.
//
// Every durable write of the archive goes through an [FS], so that a test can
// put a file system under it that loses or repeats any one step.
//
// Nothing here replaces an existing file unless the function says Replace.
package durable

import (
	"errors"
	"io"
	"io/fs"
)

// FS is the little of a file system that the archive writes and reads with.
// Names are slash-separated and relative to the root, as in io/fs ("." is the
// root itself); a name that leads out of the root is refused.
//
// Errors satisfy errors.Is with fs.ErrExist, fs.ErrNotExist and
// fs.ErrPermission where these apply.
type FS interface {
	// Create makes a new file for writing and fails with fs.ErrExist if the
	// name is taken. The umask applies to perm.
	Create(name string, perm fs.FileMode) (Handle, error)
	Open(name string) (Reader, error)
	// ReadDir lists a directory, sorted by name.
	ReadDir(name string) ([]fs.DirEntry, error)
	// Stat follows symbolic links.
	Stat(name string) (fs.FileInfo, error)
	Mkdir(name string, perm fs.FileMode) error
	// Rename replaces a file that stands at to.
	Rename(from, to string) error
	// RenameNew fails with fs.ErrExist if anything stands at to.
	RenameNew(from, to string) error
	// Scrub writes zeros over a file's bytes, in place, and syncs them: what is
	// to be unreadable should not just be unlinked. Storage that writes
	// elsewhere (an SSD, a snapshot) may keep the old bytes all the same.
	Scrub(name string) error
	// Remove unlinks a file or an empty directory.
	Remove(name string) error
	// SyncDir makes the names in a directory durable: what was created in,
	// renamed into or removed from it.
	SyncDir(name string) error
}

// Handle is a file being written. Nothing of it is durable before Sync
// returns nil. After a failed Sync the file is worthless: a kernel may drop the
// dirty pages and report the next fsync as good (https://lwn.net/Articles/752063/).
type Handle interface {
	io.Writer
	Sync() error
	Close() error
}

// Reader is a file being read. ReadAt may be called from several goroutines.
type Reader interface {
	io.Reader
	io.ReaderAt
	io.Seeker
	io.Closer
	Stat() (fs.FileInfo, error)
}

var (
	// ErrLocked is returned by TryLock while another process, or another
	// Lock in this one, holds the lock.
	ErrLocked = errors.New("locked by another process")

	// ErrTooLarge is returned by ReadFile for a file above the caller's limit.
	ErrTooLarge = errors.New("file is larger than its kind may be")

	// ErrCrossDevice is returned by MoveAside when the quarantine lies on
	// another file system, where no rename leads.
	ErrCrossDevice = errors.New("not on the same file system")
)
