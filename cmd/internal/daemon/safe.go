package daemon

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"kartoteka/archive"
	"kartoteka/verify"
)

// safe tells of an error without what may name a patient: senders' file names and names of documents stand in error
// texts of every layer. What remains is the kind of failure, the system's word for it, and paths that are ours.
func safe(err error) string {
	var bad *archive.Tampered
	var judged *verify.Error
	if err == nil {
		return ""
	}
	if errors.As(err, &bad) { // subjects are ours: tiles, keyfiles, events
		return fmt.Sprintf("%s: %s", bad.Code, bad.Subject)
	}
	for _, known := range []error{archive.ErrUnfinished, archive.ErrRefused, archive.ErrSpace, archive.ErrClock, archive.ErrBusy, archive.ErrReopen, archive.ErrIndexDamaged, archive.ErrPrivate, errWatch} {
		if errors.Is(err, known) {
			return join(known.Error(), system(err))
		}
	}
	if errors.As(err, &judged) {
		return join(string(judged.Code), system(err))
	}
	if s := system(err); s != "" {
		return s
	}
	return fmt.Sprintf("%T", innermost(err))
}

func join(a, b string) string {
	if b == "" {
		return a
	}
	return a + " (" + b + ")"
}

// system gives what the operating system said, and of which file if it is one of ours.
func system(err error) string {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return ""
	}
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Op + ours(path.Path) + ": " + errno.Error()
	case errors.As(err, &link):
		return link.Op + ours(link.New) + ": " + errno.Error()
	}
	return errno.Error()
}

// ours gives a path back, with a space before it, if nothing in it was named by a sender.
func ours(path string) string {
	slash := filepath.ToSlash(path)
	for _, dir := range []string{"/accessions/", "/keyfiles/", "/keyfiles.2/", "/log/", "/policy/", "/orders/", "/receipts/"} {
		if i := strings.LastIndex(slash, dir); i >= 0 && !strings.Contains(slash, "/incoming/") && !strings.Contains(slash, "/rejected/") {
			return " " + slash[i+1:]
		}
	}
	return ""
}

func innermost(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

// errnos is beyond the last error number of Linux.
const errnos = 134

// errnoIn finds the system's word in a text that may hold a sender's file name, and tells nothing else of it.
func errnoIn(text string) string {
	for line := range strings.Lines(text) {
		for n := syscall.Errno(1); n < errnos; n++ {
			if strings.HasSuffix(strings.TrimSpace(line), ": "+n.Error()) {
				return safe(n)
			}
		}
	}
	return "no error of the system"
}
