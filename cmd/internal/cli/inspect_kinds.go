package cli

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"kartoteka/seal"
	"kartoteka/verify/container"
)

// unverified is said of everything that only says of itself what it is.
const unverified = "whether any of it is true: nothing was verified"

// small is a file that fits into memory.
func (i *inspection) small(name string, data []byte) error {
	switch {
	case hashTile(name, data): // first: hashes may begin like anything
		i.is("hash tile", "c2sp.org/tlog-tiles")
		i.fact("hashes", "%d", len(data)/32)
		i.Sealed = unverified
		return nil
	case begins(data, "kartoteka/keyfile/"):
		return i.keyfile(data)
	case begins(data, "c2sp.org/tlog-proof@"):
		return i.proof(data)
	case begins(data, "age-encryption.org/v1\n"), begins(data, "-----BEGIN AGE ENCRYPTED FILE-----"):
		i.is("age file", "age-encryption.org/v1")
		i.fact("length", "%d bytes", len(data))
		i.Sealed = "what it holds: a passphrase or an identity opens it"
		return nil
	case begins(data, "AGE-SECRET-KEY-"), begins(data, "PRIVATE+KEY+"), bytes.Contains(data[:min(len(data), 4096)], []byte("\nAGE-SECRET-KEY-")):
		i.is("secret key", "")
		i.Sealed = "the key: it is not shown. Whoever has this file has the key"
		return nil
	case begins(bytes.TrimLeft(data, " \r\n\t"), "{"):
		return i.json(data)
	case len(data) > 2 && begins(data[2:], `{"schema":"kartoteka/event/`):
		return i.entries(data)
	case bytes.Contains(data[:min(len(data), seal.MaxCheckpoint)], []byte("\n\n\u2014 ")):
		return i.checkpoint(data)
	}
	return errNotOurs
}

// hashTile can only be told by where it stands: it is nothing but hashes.
func hashTile(name string, data []byte) bool {
	abs, err := filepath.Abs(name)
	if err != nil || len(data) == 0 || len(data)%32 != 0 || len(data) > 256*32 {
		return false
	}
	ok, err := regexp.MatchString(`/tile/\d+/(x\d{3}/)*\d{3}(\.p/\d+)?$`, filepath.ToSlash(abs))
	return ok && err == nil
}

func (i *inspection) segment(f io.Reader) error {
	i.is("segment", "")
	magic := make([]byte, len(seal.SegmentMagic))
	if n, err := io.ReadFull(f, magic); err != nil || string(magic) != seal.SegmentMagic {
		i.Version = firstLine(magic[:n])
		return fmt.Errorf("of a version this program does not know; it knows %s", seal.SpecSegment)
	}
	i.Version = seal.SpecSegment
	w, err := seal.NewSegmentWriter(io.Discard)
	if err != nil {
		return err
	}
	if _, err := io.CopyBuffer(w, f, make([]byte, 4*seal.BlockSize)); err != nil {
		return err
	}
	sum := w.Sum(1)
	i.fact("length", "%d bytes", sum.Length)
	i.fact("blocks", "%d of %d KiB", (sum.Length+seal.BlockSize-1)/seal.BlockSize, seal.BlockSize>>10)
	i.fact("block root", "%s", sum.Root)
	i.Sealed = "how many records it holds and where they begin (the keyfiles beside it say), and their content (a custodian's identity)"
	return nil
}

func firstLine(data []byte) string {
	line, _, _ := bytes.Cut(data[:min(len(data), 80)], []byte("\n"))
	return clean(strings.ToValidUTF8(string(line), "?"))
}

func (i *inspection) keyfile(data []byte) error {
	i.is("keyfile", firstLine(data))
	k, err := seal.ParseKeyfile(data)
	if err != nil {
		return err
	}
	sum, err := k.Sum()
	if err != nil {
		return err
	}
	shredded := 0
	for _, r := range k.Records {
		if r.Shredded() {
			shredded++
		}
	}
	i.fact("accession", "%s", k.Head.Accession)
	i.fact("class", "%s", k.Head.Class)
	i.fact("generation", "%d", k.Head.Generation)
	i.fact("records", "%d, of them %d disposed of", len(k.Records), shredded)
	for _, s := range k.Secrets {
		i.fact("opens to", "recipient %s", s.To)
	}
	i.fact("header root", "%s", sum.Root)
	i.fact("secrets", "sha256 %s", sum.Secrets)
	i.Sealed = "what the records are, and whether the headers are the ones once written (verify archive)"
	return nil
}

func (i *inspection) proof(data []byte) error {
	i.is("log proof", firstLine(data))
	p, err := seal.ParseProof(data)
	if err != nil {
		return err
	}
	i.fact("event", "%d", p.Index)
	i.fact("path", "%d hashes", len(p.Path))
	i.Sealed = unverified
	return i.under(p.Checkpoint)
}

func (i *inspection) checkpoint(data []byte) error {
	if i.Kind == "" {
		i.is("checkpoint", "c2sp.org/tlog-checkpoint")
		i.Sealed = "whether its signatures hold: that needs the policy (verify log)"
	}
	if err := i.under(data); err != nil {
		return err
	}
	_, sigs, _ := bytes.Cut(data, []byte("\n\n"))
	for line := range bytes.Lines(sigs) {
		if f := strings.Fields(string(line)); len(f) == 3 {
			i.fact("signed by", "%s", f[1])
		}
	}
	return nil
}

// under states the checkpoint something stands under.
func (i *inspection) under(signed []byte) error {
	c, err := seal.PeekCheckpoint(signed)
	if err != nil {
		return err
	}
	i.fact("origin", "%s", c.Origin)
	i.fact("log", "%d events", c.Size)
	i.fact("root", "%s", c.Root)
	return nil
}

// entries is a tile of leaves.
func (i *inspection) entries(data []byte) error {
	i.is("entry tile", seal.SpecEvent)
	i.Sealed = unverified
	kinds := map[seal.Kind]int{}
	n := 0
	for ; len(data) > 0; n++ {
		if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
			return fmt.Errorf("ends within leaf %d", n)
		}
		size := 2 + int(binary.BigEndian.Uint16(data))
		e, err := seal.ParseEvent(data[2:size])
		if err != nil && !errors.Is(err, seal.ErrUnknownKind) {
			return fmt.Errorf("leaf %d: %w", n, err)
		}
		kinds[e.Kind]++
		data = data[size:]
	}
	i.fact("leaves", "%d", n)
	for _, k := range slices.Sorted(maps.Keys(kinds)) {
		i.fact(string(k)+" events", "%d", kinds[k])
	}
	return nil
}

// part reads one small file of a container.
func part(c *container.Container, name string, limit int64) ([]byte, error) {
	f, err := c.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%s has more than %d bytes", name, limit)
	}
	return data, err
}

func (i *inspection) bundle(c *container.Container) error {
	i.is("bundle", "")
	data, err := part(c, seal.EnvelopeName, seal.MaxEnvelope)
	if err == nil {
		err = i.envelope(data)
	}
	i.is("bundle", seal.SpecBundle)
	i.fact("files", "%d", len(c.Entries()))
	i.Sealed = "whether signature and digests hold (verify bundle); `bundle inspect` shows what it says of patient and documents"
	return err
}

func (i *inspection) packet(c *container.Container) error {
	i.is("packet", "")
	data, err := part(c, seal.PacketHead, maxInspect)
	if err == nil {
		err = i.json(data)
	}
	i.Kind = "packet"
	i.fact("files", "%d", len(c.Entries()))
	i.Sealed = "whether it is what was archived (verify packet)"
	return err
}
