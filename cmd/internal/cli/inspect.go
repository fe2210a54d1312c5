package cli

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"kartoteka/cmd/internal/cli/jsonoutput"
	"kartoteka/seal"
	"kartoteka/verify/container"
)

func newInspect(e *Env) *cobra.Command {
	return &cobra.Command{
		Use:   "inspect FILE",
		Short: "say what a file is, without any key",
		Long: `Opens any one of kartoteka's files, or an archive's or a bundle's folder, and says what it is, its version and what
it holds, as it says itself: nothing is verified and nothing is trusted. verify does that.

Exit status 4 means that it is not what its first line claims, 1 that it is none of kartoteka's files.`,
		Example: `  kartoteka inspect /srv/kartoteka/keyfiles/2026/11/21-0001/content.keys
  kartoteka inspect 4f1c….receipt.json`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return e.inspect(args[0]) },
	}
}

// maxInspect bounds what is read into memory of a file; segments stream.
const maxInspect = 64 << 20

// errNotOurs says that a file is none of kartoteka's.
var errNotOurs = errors.New("is none of kartoteka's files")

// inspection is what is found out about one file.
type inspection struct{ jsonoutput.Inspect }

func (i *inspection) is(kind, version string) { i.Kind, i.Version = kind, version }

func (i *inspection) fact(name, format string, args ...any) {
	i.Facts = append(i.Facts, jsonoutput.Fact{Name: name, Value: clean(fmt.Sprintf(format, args...))})
}

func (e *Env) inspect(name string) error {
	i := &inspection{jsonoutput.Inspect{Schema: jsonoutput.SpecInspect, File: name, Facts: []jsonoutput.Fact{}}}
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	switch {
	case info.IsDir():
		err = i.folder(name)
	case info.Mode().IsRegular():
		err = i.file(name, info.Size())
	default:
		err = errNotOurs
	}
	if errors.Is(err, errNotOurs) || errors.Is(err, os.ErrPermission) {
		return fmt.Errorf("%s: %w", clean(name), err)
	}
	if err != nil {
		i.Error = err.Error()
	}
	if perr := e.print(i.Inspect, func() { e.inspectText(i) }); perr != nil {
		return perr
	}
	if err != nil {
		return &status{code: exitVerify, err: fmt.Errorf("%s is not a sound %s: %s", clean(name), i.Kind, clean(err.Error()))}
	}
	return nil
}

func (e *Env) inspectText(i *inspection) {
	w := tabwriter.NewWriter(e.Stdout, 0, 0, 2, ' ', 0)
	defer w.Flush()
	fmt.Fprintf(w, "kind\t%s\n", i.Kind)
	if i.Version != "" {
		fmt.Fprintf(w, "version\t%s\n", clean(i.Version))
	}
	for _, f := range i.Facts {
		fmt.Fprintf(w, "%s\t%s\n", f.Name, f.Value)
	}
	if i.Sealed != "" {
		fmt.Fprintf(w, "not told\t%s\n", i.Sealed)
	}
}

// folder is an archive's or a bundle's.
func (i *inspection) folder(name string) error {
	if data, err := readFile(filepath.Join(name, "archive.json"), 1<<20); err == nil {
		return i.archive(name, data)
	} else if errors.Is(err, os.ErrPermission) {
		return err
	}
	if _, err := os.Lstat(filepath.Join(name, seal.EnvelopeName)); err == nil {
		return i.container(name)
	}
	return errNotOurs
}

func (i *inspection) archive(dir string, data []byte) error {
	if err := i.json(data); err != nil {
		return err
	}
	i.Kind = "archive"
	signed, err := readFile(filepath.Join(dir, "log", "checkpoint"), seal.MaxCheckpoint)
	if err != nil {
		return fmt.Errorf("its checkpoint cannot be read: %w", err)
	}
	i.Sealed = "whether it is whole (verify archive), and everything in it (a custodian's identity)"
	return i.checkpoint(signed)
}

// file tells kinds apart by their first bytes.
func (i *inspection) file(name string, size int64) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	head := make([]byte, 512)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	head = head[:n]
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	switch {
	case begins(head, "PK\x03\x04"), begins(head, "PK\x05\x06"):
		return i.container(name)
	case begins(head, "kartoteka/segment/"):
		return i.segment(f)
	case n >= 20 && binary.LittleEndian.Uint32(head[16:]) == boltMagic:
		i.is("index", "")
		i.fact("length", "%d bytes", size)
		i.Sealed = "every row: keyed hashes. The index is disposable; `kartoteka rebuild` makes it anew"
		return nil
	}
	data, err := readFile(name, maxInspect)
	if err != nil {
		return errNotOurs
	}
	return i.small(name, data)
}

// boltMagic begins a bbolt database's meta page.
const boltMagic = 0xED0CDAED

func begins(data []byte, prefix string) bool {
	return len(data) >= len(prefix) && string(data[:len(prefix)]) == prefix
}

// container is a ZIP, or a folder that holds an envelope: a bundle or a packet.
func (i *inspection) container(name string) error {
	i.is("ZIP", "")
	c, err := container.Open(name, container.Limits{MaxEntries: 1 << 20})
	if err != nil {
		return err
	}
	defer c.Close()
	for _, f := range c.Entries() {
		switch f.Name {
		case seal.EnvelopeName:
			return i.bundle(c)
		case seal.PacketHead:
			return i.packet(c)
		}
	}
	return errNotOurs
}
