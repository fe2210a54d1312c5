package container

import (
	"errors"
	"fmt"
	"strconv"
)

// Codes of [Error]: stable strings, fit for a report. One fault has one code;
// when a container has several, the first found is given.
const (
	CodeTruncated     = "container_truncated"     // the end is missing: cut, or still being written
	CodeTrailingData  = "container_trailing_data" // bytes (or an archive comment) after the end
	CodeOverlap       = "container_overlap"       // two entries claim the same bytes
	CodeGap           = "container_gap"           // bytes that belong to no entry
	CodeHeader        = "header"                  // a header is malformed, or local and central header disagree
	CodeNotZip        = "not_zip"                 // neither a ZIP nor a folder
	CodeNameTraversal = "name_traversal"          // an empty, "." or ".." component
	CodeNameAbsolute  = "name_absolute"           // rooted, UNC, drive letter, home folder
	CodeNameReserved  = "name_reserved"           // a name or character some system gives another meaning
	CodeNameTwin      = "name_twin"               // differs from another name only by case or normal form
	CodeNameEncoding  = "name_encoding"           // not UTF-8, not NFC, or two names for one entry
	CodeNameTooLong   = "name_too_long"           // too many bytes, or too deep
	CodeLink          = "link"                    // a symbolic link
	CodeNotRegular    = "not_regular"             // device, socket, fifo, junction, folder without files
	CodeTooMany       = "too_many"                // more entries than Limits.MaxEntries
	CodeTooLarge      = "too_large"               // an entry, or all together, above the limit
	CodeRatio         = "ratio"                   // inflates more than Limits.MaxRatio
	CodeCRC           = "crc"                     // the bytes are damaged: CRC-32 differs or deflate does not parse
	CodeSizeMismatch  = "size_mismatch"           // more or fewer bytes than declared
	CodeEncrypted     = "encrypted"               //
	CodeMethod        = "method"                  // neither stored nor deflated
	CodeMultiDisk     = "multi_disk"              // part of a split archive
	CodeChanged       = "changed"                 // the file or folder changed since Open
	CodeEmpty         = "empty"                   // 0 bytes, or no files
	CodeUnreadable    = "unreadable"              // the system refused: permission, I/O; Err says why
	CodeDuplicate     = "duplicate"               // one name twice, or as a file and as a folder
	CodeNotFound      = "not_found"               // Open was asked for a name the container does not have
)

// Error is every error of this package. Err is never nil.
type Error struct {
	File  string // the container's path; empty for NewZip and CheckName
	Entry string // the entry's name as found, possibly hostile: print it with %q
	Code  string // one of the Code constants
	Err   error  // the reason; wraps the system's error where there is one
}

func (e *Error) Error() string {
	file := e.File
	if file == "" {
		file = "container"
	}
	if e.Entry == "" {
		return fmt.Sprintf("read %s: %v", file, e.Err)
	}
	return fmt.Sprintf("read entry %s of %s: %v", strconv.Quote(e.Entry), file, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// fail makes an Error about one entry, or about the whole when entry is "".
func fail(code, entry, format string, args ...any) error {
	return &Error{Entry: entry, Code: code, Err: fmt.Errorf(format, args...)}
}

// inFile adds the container's path, which the parsing code does not know.
func inFile(err error, path string) error {
	var e *Error
	if errors.As(err, &e) && e.File == "" {
		e.File = path
	}
	return err
}

// codeOf is the code of err, or "" when it is not of this package.
func codeOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}
