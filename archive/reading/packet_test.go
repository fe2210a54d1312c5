package reading_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"filippo.io/age"

	"kartoteka/archive"
	"kartoteka/archive/archivetest"
	"kartoteka/archive/reading"
	"kartoteka/seal"
	"kartoteka/seal/unseal"
	"kartoteka/verify"
	"kartoteka/verify/container"
)

// office is an archive open for writing, and the room of its custodian.
type office struct {
	*archivetest.Archive
	w    *archive.Archive
	room *reading.Room
}

func newOffice(t *testing.T, a *archivetest.Archive) *office {
	t.Helper()
	w := a.OpenWrite(t)
	t.Cleanup(func() { w.Close() })
	return &office{a, w, reading.NewRoom(w, a.Custodian)}
}

func entry() seal.Release {
	return seal.Release{Request: "R-1", Requester: seal.Requester{Name: "Anna Kowalska", Relation: "self"},
		Evidence: seal.IdentityEvidence{Kind: "passport", Country: "UA", Last4: "1234", CheckedBy: "J. Nowak"}, Basis: "UPP art. 26 ust. 1", Way: "carrier", Fee: "first"}
}

// export is what the desk gives the room; select are the archive's bundles by number.
func (o *office) export(bundles ...int) reading.Export {
	x := reading.Export{Release: entry(), Now: func() time.Time { return o.Now }, Commit: o.release, Void: o.void}
	for _, n := range bundles {
		x.Select = append(x.Select, reading.Selected{Leaf: o.Bundles[n].Leaf})
	}
	return x
}

func (o *office) commit(stage func(*archive.Accession) (seal.LeafIndex, error)) (seal.LeafIndex, error) {
	acc, err := o.w.Begin()
	if err != nil {
		return 0, err
	}
	defer acc.Abort()
	leaf, err := stage(acc)
	if err != nil {
		return 0, err
	}
	return leaf, acc.Commit()
}

func (o *office) release(r seal.Release, custodian string) (seal.LeafIndex, error) {
	return o.commit(func(a *archive.Accession) (seal.LeafIndex, error) { return a.Release(r, custodian) })
}

func (o *office) void(release seal.LeafIndex, code string) error {
	_, err := o.commit(func(a *archive.Accession) (seal.LeafIndex, error) { return a.ReleaseVoid(release, code), nil })
	return err
}

// packet makes a packet in a new file.
func (o *office) packet(t *testing.T, x reading.Export) (name string, h reading.Handed, err error) {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "packet")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h, err = o.room.Packet(t.Context(), f, x)
	return f.Name(), h, err
}

func (o *office) mustPacket(t *testing.T, x reading.Export) (string, reading.Handed) {
	t.Helper()
	name, h, err := o.packet(t, x)
	if err != nil {
		t.Fatal(err)
	}
	return name, h
}

// releases counts release and void events.
func (o *office) releases(t *testing.T) (releases, voids int) {
	t.Helper()
	must(t, o.w.Events(0, func(_ seal.LeafIndex, e seal.Event) error {
		switch {
		case e.Release != nil:
			releases++
		case e.ReleaseVoid != nil:
			voids++
		}
		return nil
	}))
	return releases, voids
}

func (o *office) wantReleases(t *testing.T, releases, voids int) {
	t.Helper()
	if r, v := o.releases(t); r != releases || v != voids {
		t.Errorf("the log has %d releases and %d voids, want %d and %d", r, v, releases, voids)
	}
}

// unpack reads a packet as anybody's unzip would.
func unpack(t *testing.T, name string) map[string][]byte {
	t.Helper()
	z, err := zip.OpenReader(name)
	must(t, err)
	defer z.Close()
	files := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		must(t, err)
		files[f.Name], err = io.ReadAll(r)
		must(t, err)
		r.Close()
	}
	return files
}

func judge(o *office, name string) *verify.Report { return o.w.Policy().Packet(name, o.Now) }

func notPassed(r *verify.Report) (list []verify.Check) {
	for _, c := range r.Checks {
		if c.Verdict != verify.Passed {
			list = append(list, c)
		}
	}
	return list
}

// plainName is what ISO 9660 and DICOM media allow.
var plainName = regexp.MustCompile(`^([A-Z0-9_]{1,8}/)*[A-Z0-9_]{1,8}\.[A-Z0-9]{1,3}$`)

func TestPacketOfSeveral(t *testing.T) {
	o := newOffice(t, archivetest.New(t, archivetest.Options{Bundles: 9}))
	name, h := o.mustPacket(t, o.export(0, 4, 8)) // of one person
	if h.Bundles != 3 || h.Documents != 7 || h.LeftOut != 0 {
		t.Errorf("%+v", h)
	}
	o.wantReleases(t, 1, 0)
	r := judge(o, name)
	if r.Verdict != verify.Passed || r.Counts["documents"] != 7 || r.Counts["bundles"] != 3 {
		t.Errorf("%s %v %v", r.Verdict, r.Counts, notPassed(r))
	}
	files, n := unpack(t, name), 0
	for i, b := range []int{0, 4, 8} {
		for _, d := range o.Bundles[b].Documents {
			n++
			if got := files[seal.PacketDocument(n, d.Name)]; !bytes.Equal(got, d.Body) {
				t.Errorf("document %d is not what was sent: %d bytes, want %d", n, len(got), len(d.Body))
			}
		}
		if !bytes.Equal(files[seal.PacketBundle(i+1)+seal.ProofEnvelope], o.Bundles[b].Envelope) {
			t.Errorf("bundle %d: not the envelope that was sent", b)
		}
	}
	for name := range files {
		if !plainName.MatchString(name) {
			t.Errorf("%q is no plain name", name)
		}
	}
	if want := n + 3*4 + 7; len(files) != want {
		t.Errorf("%d files, want %d", len(files), want)
	}
}

// Of a bundle that is released in part the envelope stays: it tells digests and titles of what was left out.
func TestPacketInPart(t *testing.T) {
	o := newOffice(t, archivetest.New(t, archivetest.Options{}))
	x := o.export(0, 5)
	x.Select[0].Documents, x.LeftOut = []int{2}, 2
	name, h := o.mustPacket(t, x)
	if h.Documents != 1+3 || h.LeftOut != 2 {
		t.Errorf("%+v", h)
	}
	r := judge(o, name)
	if r.Verdict != verify.Passed || r.Counts["documents"] != 4 {
		t.Errorf("%s %v %v", r.Verdict, r.Counts, notPassed(r))
	}
	files, b := unpack(t, name), o.Bundles[0]
	if !bytes.Equal(files[seal.PacketDocument(1, b.Documents[1].Name)], b.Documents[1].Body) {
		t.Error("document 1 is not what was sent")
	}
	if files[seal.PacketBundle(1)+seal.ProofEnvelope] != nil || files[seal.PacketBundle(2)+seal.ProofEnvelope] == nil {
		t.Error("the first bundle's envelope must stay, the second's must be there")
	}
	var all []byte
	for name, data := range files {
		if !strings.HasPrefix(name, seal.PacketBundle(2)) && !strings.HasPrefix(name, seal.PacketDocuments) {
			all = append(all, data...)
		}
	}
	for _, d := range []archivetest.Document{b.Documents[0], b.Documents[2]} {
		sum := sha256.Sum256(d.Body)
		if bytes.Contains(all, fmt.Appendf(nil, "%x", sum)) {
			t.Errorf("the packet tells the digest of %s, which was left out", d.Name)
		}
	}
	if !bytes.Contains(files[seal.PacketIndex], []byte("not in this packet: 2.")) || !bytes.Contains(files[seal.PacketRelease], []byte("2 left out")) {
		t.Error("what was left out is not told")
	}
	for _, bad := range []int{0, 4, -1} {
		x := o.export(0)
		x.Select[0].Documents = []int{bad}
		if _, _, err := o.packet(t, x); err == nil {
			t.Errorf("document %d was found", bad)
		}
	}
	if _, _, err := o.packet(t, o.export()); err == nil {
		t.Error("a packet of nothing")
	}
	o.wantReleases(t, 1, 0)
}

// TestPacketFlips changes single bytes of a packet: 300 anywhere, and every one of what lies under PROOF/. It fails, or it
// was a bit of the ZIP that says nothing (a time, padding of a deflate stream): then every file is still the same.
func TestPacketFlips(t *testing.T) {
	o := newOffice(t, archivetest.New(t, archivetest.Options{Bundles: 2, Accessions: 1}))
	name, _ := o.mustPacket(t, o.export(1))
	good, err := os.ReadFile(name)
	must(t, err)
	z, err := zip.NewReader(bytes.NewReader(good), int64(len(good)))
	must(t, err)
	places := map[int]bool{}
	for _, f := range z.File {
		if !strings.HasPrefix(f.Name, seal.PacketProof) {
			continue
		}
		at, err := f.DataOffset()
		must(t, err)
		for i := range int(f.CompressedSize64) {
			places[int(at)+i] = true
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		places[rng.IntN(len(good))] = true
	}
	var wg sync.WaitGroup
	var harmless atomic.Int32
	files, work := unpack(t, name), make(chan int)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			name := filepath.Join(t.TempDir(), "flipped.zip")
			for at := range work {
				data := bytes.Clone(good)
				data[at] ^= byte(1 << (at % 8))
				if err := os.WriteFile(name, data, 0o600); err != nil {
					t.Error(err)
				}
				r := judge(o, name)
				if r.Verdict == verify.Indeterminate || r.Verdict == verify.Passed && !maps.EqualFunc(unpack(t, name), files, bytes.Equal) {
					t.Errorf("byte %d: %s", at, r.Verdict)
				}
				if r.Verdict == verify.Passed {
					harmless.Add(1)
				}
			}
		})
	}
	for at := range places {
		work <- at
	}
	close(work)
	wg.Wait()
	if n := int(harmless.Load()); n > len(places)/50 {
		t.Errorf("%d of %d flips are not noticed", n, len(places))
	}
	for _, n := range []int{0, 1, len(good) / 2, len(good) - 1} {
		must(t, os.WriteFile(name, good[:n], 0o600))
		if r := judge(o, name); r.Verdict != verify.Failed {
			t.Errorf("cut to %d bytes: %s", n, r.Verdict)
		}
	}
}

// repack writes a packet of these files under a manifest that fits them: a forger can do that.
func repack(t *testing.T, name string, files map[string][]byte) {
	t.Helper()
	f, err := os.Create(name)
	must(t, err)
	defer f.Close()
	w := container.NewWriter(f)
	var manifest strings.Builder
	names := slices.Sorted(func(yield func(string) bool) {
		for n := range files {
			if n != seal.PacketManifest && !yield(n) {
				return
			}
		}
	})
	put := func(n string, data []byte) {
		e, err := w.Create(n, true)
		must(t, err)
		_, err = e.Write(data)
		must(t, err)
	}
	for _, n := range names {
		put(n, files[n])
		fmt.Fprintf(&manifest, "%x  %s\n", sha256.Sum256(files[n]), n)
	}
	put(seal.PacketManifest, []byte(manifest.String()))
	must(t, w.Close())
}

// TestPacketForged changes files of a packet and mends the manifest: what is evidence must notice.
func TestPacketForged(t *testing.T) {
	o := newOffice(t, archivetest.New(t, archivetest.Options{Bundles: 2, Accessions: 1}))
	made, _ := o.mustPacket(t, o.export(0, 1))
	good, name := unpack(t, made), filepath.Join(t.TempDir(), "forged.zip")
	repack(t, name, good)
	if r := judge(o, name); r.Verdict != verify.Passed {
		t.Fatalf("repacked as it was: %v", notPassed(r))
	}
	try := func(what string, change func(files map[string][]byte)) {
		t.Helper()
		files := map[string][]byte{}
		for n, data := range good {
			files[n] = bytes.Clone(data)
		}
		change(files)
		repack(t, name, files)
		if r := judge(o, name); r.Verdict == verify.Passed {
			t.Errorf("%s: passed", what)
		}
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for n, data := range good {
		if n == seal.PacketManifest || n == seal.PacketIndex || n == seal.PacketReadme || n == seal.PacketRelease {
			continue // for people; what is proven stands elsewhere
		}
		for range 40 {
			at, mask := rng.IntN(len(data)), byte(1<<rng.IntN(8))
			if n == seal.PacketHead && unproven(data, at) {
				continue
			}
			try(fmt.Sprintf("%s byte %d ^ %#02x", n, at, mask), func(f map[string][]byte) { f[n][at] ^= mask })
		}
		try(n+" removed", func(f map[string][]byte) { delete(f, n) })
		try(n+" and a byte", func(f map[string][]byte) { f[n] = append(f[n], 'x') })
	}
	swap := func(a, b string) func(map[string][]byte) {
		return func(f map[string][]byte) { f[a], f[b] = f[b], f[a] }
	}
	b1, b2 := seal.PacketBundle(1), seal.PacketBundle(2)
	for _, n := range []string{seal.ProofEvent, seal.ProofLog, seal.ProofOpenings, seal.ProofEnvelope} {
		try(n+" swapped", swap(b1+n, b2+n))
	}
	try("documents swapped", swap(seal.PacketDocument(1, "x.txt"), seal.PacketDocument(2, "x.txt")))
	try("a file more", func(f map[string][]byte) { f["IHE_XDM/SUBSET01/DOC00099.TXT"] = []byte("forged") })
	head := func(old, new string) func(map[string][]byte) {
		return func(f map[string][]byte) {
			changed := bytes.Replace(f[seal.PacketHead], []byte(old), []byte(new), 1)
			if bytes.Equal(changed, f[seal.PacketHead]) {
				t.Errorf("%q is not in %s", old, seal.PacketHead)
			}
			f[seal.PacketHead] = changed
		}
	}
	try("another title", head(`"title":"Morfologia"`, `"title":"Glukoza"`))
	try("another class", head(`"class":"lab"`, `"class":"note"`))
	try("another name", head(`"name":"result.txt"`, `"name":"other.txt"`))
	try("another origin", head(archivetest.Origin, "elsewhere.example/1"))
	try("made before it was archived", head(`"made":"2026`, `"made":"2025`))
	try("made later than now", head(`"made":"2026`, `"made":"2056`))
	try("no envelope", head(`"envelope":true`, `"envelope":false`))
	try("less left out", head(`"left_out":`, `"left_out":1`))
	try("another release", head(`"release":`, `"release":1`))
}

// unproven is what PACKET.JSN only says: when the packet was made, between the release and now.
func unproven(head []byte, at int) bool {
	field := []byte(`"made":"`)
	from := bytes.Index(head, field) + len(field)
	return at >= from && at < from+20
}

// Judged by other policies and at other times.
func TestPacketJudged(t *testing.T) {
	a := archivetest.New(t, archivetest.Options{Bundles: 1, Accessions: 1})
	o := newOffice(t, a)
	archived := a.Now
	a.Now = a.Now.Add(24 * time.Hour)
	name, _ := o.mustPacket(t, o.export(0))
	data, err := os.ReadFile(a.PolicyFile(t))
	must(t, err)
	policy := func(change func(p *verify.Policy)) *verify.Policy {
		p, err := verify.ParsePolicy(data)
		must(t, err)
		change(p)
		return p
	}
	until := func(at time.Time) func(*verify.Policy) {
		return func(p *verify.Policy) { u := seal.At(at); p.Producers[0].Until = &u }
	}
	other := newOffice(t, archivetest.New(t, archivetest.Options{Bundles: 1, Accessions: 1, Origin: "elsewhere.example/1"}))
	namesake := newOffice(t, archivetest.New(t, archivetest.Options{Bundles: 1, Accessions: 1}))
	same := func(*verify.Policy) {}
	for _, c := range []struct {
		name   string
		policy *verify.Policy
		at     time.Time
		want   verify.Verdict
		code   verify.Code
	}{
		{"now", policy(same), a.Now, verify.Passed, ""},
		{"in thirty years", policy(same), a.Now.AddDate(30, 0, 0), verify.Passed, ""},
		{"before it was archived", policy(same), archived.Add(-time.Hour), verify.Indeterminate, verify.CodeTime},
		{"archived, not yet released", policy(same), archived.Add(time.Hour), verify.Indeterminate, verify.CodeTime},
		{"another log", other.w.Policy(), a.Now, verify.Failed, verify.CodePacket},
		{"another log of the same name", namesake.w.Policy(), a.Now, verify.Failed, verify.CodeInclusion},
		{"the producer ended later", policy(until(archived.Add(time.Hour))), a.Now.AddDate(1, 0, 0), verify.Passed, ""},
		{"the producer ended before", policy(until(archived.Add(-time.Hour))), a.Now, verify.Failed, verify.CodeProducerTime},
		{"the producer is not known", policy(func(p *verify.Policy) { p.Producers = nil }), a.Now, verify.Indeterminate, verify.CodeProducer},
		{"the producer has another key", policy(func(p *verify.Policy) { p.Producers[0].Key = archivetest.NewProducer(t).PEM }), a.Now, verify.Indeterminate, verify.CodeProducer},
		{"the log has a key more", policy(func(p *verify.Policy) { p.LogKeys = append(p.LogKeys, other.w.Policy().LogKeys[0]) }), a.Now, verify.Failed, verify.CodeInclusion},
	} {
		r := c.policy.Packet(name, c.at)
		codes := []verify.Code{}
		for _, n := range notPassed(r) {
			codes = append(codes, n.Code)
		}
		if r.Verdict != c.want || c.code != "" && !slices.Contains(codes, c.code) {
			t.Errorf("%s: %s %v, want %s %s", c.name, r.Verdict, notPassed(r), c.want, c.code)
		}
	}
}

// What can be known to fail, fails before the release is committed.
func TestPacketPreflight(t *testing.T) {
	a := archivetest.New(t, archivetest.Options{})
	stranger, err := age.GenerateHybridIdentity()
	must(t, err)
	t.Run("a stranger's identity", func(t *testing.T) {
		o := newOffice(t, a)
		defer o.w.Close()
		o.room = reading.NewRoom(o.w, stranger)
		if _, _, err := o.packet(t, o.export(0)); !errors.Is(err, unseal.ErrForeign) {
			t.Error(err)
		}
		o.wantReleases(t, 0, 0)
	})
	t.Run("no requester", func(t *testing.T) {
		o := newOffice(t, a)
		defer o.w.Close()
		x := o.export(0)
		x.Release.Requester.Name = ""
		if _, _, err := o.packet(t, x); err == nil {
			t.Error("released to nobody")
		}
		o.wantReleases(t, 0, 0)
	})
	t.Run("stopped", func(t *testing.T) {
		o := newOffice(t, a)
		defer o.w.Close()
		for after := range int64(6) { // documents
			ctx, cancel := context.WithCancel(t.Context())
			x := o.export(0, 5)
			x.Step = func(done, _ int64) {
				if done > after {
					cancel()
				}
			}
			f, err := os.CreateTemp(t.TempDir(), "packet")
			must(t, err)
			if _, err := o.room.Packet(ctx, f, x); !errors.Is(err, context.Canceled) {
				t.Errorf("stopped after %d documents: %v", after+1, err)
			}
			f.Close()
			cancel()
		}
		o.wantReleases(t, 0, 0)
	})
	t.Run("the producer ended before", func(t *testing.T) {
		b := archivetest.New(t, archivetest.Options{Bundles: 1, Accessions: 1})
		o := newOffice(t, b)
		must(t, o.w.EndProducer("his", seal.At(b.Now.Add(-time.Hour))))
		var bad *verify.Error
		if _, _, err := o.packet(t, o.export(0)); !errors.As(err, &bad) || bad.Code != verify.CodeProducerTime {
			t.Error(err)
		}
		o.wantReleases(t, 0, 0)
	})
	t.Run("the clock was set back", func(t *testing.T) {
		o := newOffice(t, a)
		defer o.w.Close()
		o.Now = o.Now.Add(-time.Minute) // less than a writer minds
		if _, _, err := o.packet(t, o.export(5)); !errors.Is(err, archive.ErrClock) {
			t.Error(err)
		}
		o.Now = o.Now.Add(time.Minute)
		o.wantReleases(t, 0, 0)
	})
	t.Run("a damaged document", func(t *testing.T) {
		dir := a.Copy(t)
		segment := archivetest.Files(t, dir, "accessions")[0]
		archivetest.Edit(t, dir, segment, func(b []byte) []byte { b[len(b)/2] ^= 1; return b })
		o := newOffice(t, &archivetest.Archive{Dir: dir, Custodian: a.Custodian, Bundles: a.Bundles, Now: a.Now})
		var bad *verify.Error
		if _, _, err := o.packet(t, o.export(0, 1)); !errors.As(err, &bad) || bad.Code != verify.CodeRecord {
			t.Error(err)
		}
		o.wantReleases(t, 0, 0)
	})
	t.Run("no bundle", func(t *testing.T) {
		o := newOffice(t, a)
		defer o.w.Close()
		for _, leaf := range []seal.LeafIndex{-1, 0, 1 << 20} {
			x := o.export()
			x.Select = []reading.Selected{{Leaf: leaf}}
			if _, _, err := o.packet(t, x); err == nil {
				t.Errorf("event %d was released", leaf)
			}
		}
		o.wantReleases(t, 0, 0)
	})
}

// A failure after the event is voided in the log, and told apart from damaged evidence.
func TestPacketVoided(t *testing.T) {
	a := archivetest.New(t, archivetest.Options{})
	o := newOffice(t, a)
	t.Run("the output breaks", func(t *testing.T) {
		x := o.export(0)
		f, err := os.CreateTemp(t.TempDir(), "packet")
		must(t, err)
		commit := x.Commit
		x.Commit = func(r seal.Release, custodian string) (seal.LeafIndex, error) {
			f.Close()
			return commit(r, custodian)
		}
		_, err = o.room.Packet(t.Context(), f, x)
		var judged *verify.Error
		if !errors.Is(err, reading.ErrVoided) || errors.As(err, &judged) {
			t.Errorf("%v", err)
		}
		o.wantReleases(t, 1, 1)
	})
	t.Run("the output fills up", func(t *testing.T) {
		full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			t.Skip("SKIP: no /dev/full here:", err)
		}
		defer full.Close()
		_, err = o.room.Packet(t.Context(), full, o.export(0))
		var judged *verify.Error
		if !errors.Is(err, reading.ErrVoided) || !errors.Is(err, syscall.ENOSPC) || errors.As(err, &judged) {
			t.Errorf("%v", err)
		}
		o.wantReleases(t, 2, 2)
	})
	t.Run("voiding fails too", func(t *testing.T) {
		x := o.export(0)
		lost := errors.New("the daemon is gone")
		x.Void = func(seal.LeafIndex, string) error { return lost }
		f, err := os.CreateTemp(t.TempDir(), "packet")
		must(t, err)
		f.Close()
		f, err = os.Open(f.Name()) // cannot be written to
		must(t, err)
		defer f.Close()
		if _, err := o.room.Packet(t.Context(), f, x); !errors.Is(err, reading.ErrVoided) || !errors.Is(err, lost) {
			t.Errorf("%v", err)
		}
		o.wantReleases(t, 3, 2)
	})
	t.Run("stopped after the event: finished", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		x := o.export(0)
		commit := x.Commit
		x.Commit = func(r seal.Release, custodian string) (seal.LeafIndex, error) { cancel(); return commit(r, custodian) }
		f, err := os.CreateTemp(t.TempDir(), "packet")
		must(t, err)
		defer f.Close()
		if _, err := o.room.Packet(ctx, f, x); err != nil {
			t.Error(err)
		}
		if r := judge(o, f.Name()); r.Verdict != verify.Passed {
			t.Errorf("%v", notPassed(r))
		}
	})
	t.Run("the commit fails", func(t *testing.T) {
		x := o.export(0)
		no := errors.New("forbidden")
		x.Commit = func(seal.Release, string) (seal.LeafIndex, error) { return 0, no }
		x.Void = func(seal.LeafIndex, string) error { t.Error("voided what was not committed"); return nil }
		if _, _, err := o.packet(t, x); !errors.Is(err, no) || errors.Is(err, reading.ErrVoided) {
			t.Errorf("%v", err)
		}
	})
}

// naughty are strings that broke something somewhere.
func naughty(t *testing.T) []string {
	t.Helper()
	list := []string{"<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "</table></html><script>", "{{.Spec}}", "javascript:alert(1)", "\x00\x01\x1b[31mred",
		"line\nbreak\r\nand\ttab", "\u202egnp.exe", "a\u2066b\u2069c", "\u2028new line", "\ufeffmark", strings.Repeat("ą", 2000), "'; DROP TABLE x; --", "&lt;b&gt;", "\ud7ff\ufffd"}
	name := filepath.Join(sharedData(t), "12-adversarial/big-list-of-naughty-strings/blns.txt")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Log("without the big list:", err)
		return list
	}
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSuffix(line, "\n"); line != "" && !strings.HasPrefix(line, "#") {
			list = append(list, line)
		}
	}
	return list
}

// sharedData finds the folder of collected documents beside the project; "" where there is none.
func sharedData(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	must(t, err)
	for range 8 {
		dir = filepath.Dir(dir)
		if i, err := os.Stat(filepath.Join(dir, "shared", "data")); err == nil && i.IsDir() {
			return filepath.Join(dir, "shared", "data")
		}
	}
	return ""
}

// TestPacketNaughty: titles, names and what the officer types reach people's pages, and break none of them.
func TestPacketNaughty(t *testing.T) {
	a := archivetest.New(t, archivetest.Options{Bundles: 1, Accessions: 1})
	titles := naughty(t)
	o := newOffice(t, a)
	var sources []archive.Source
	for n := 0; n < len(titles); n += 200 {
		var files []archivetest.Document
		for i, title := range titles[n:min(n+200, len(titles))] {
			files = append(files, archivetest.Document{Name: fmt.Sprintf("documents/%d <%d> & 'x'.t\u00f3t", n+i, i), Title: title, Body: []byte(title + ".")})
			if i%2 == 0 {
				files[i].Name = fmt.Sprintf("documents/%d %s.xml", n+i, container.SafeName(title))
			}
			if files[i].Name = strings.NewReplacer("<", "(", ">", ")").Replace(files[i].Name); len(files[i].Name) > 250 {
				files[i].Name = fmt.Sprintf("documents/%d.x", n+i)
			}
		}
		d := a.Draft(fmt.Sprintf("naughty-%06d", n), archivetest.People[0], files...)
		name := filepath.Join(t.TempDir(), "naughty")
		d.Folder(t, name, d.Sign(t, a.Producer))
		sources = append(sources, archive.Source{Path: name})
	}
	x := o.export()
	must(t, o.w.Take(t.Context(), sources, func(got archive.Outcome) {
		if got.Status != archive.Taken {
			t.Fatalf("%s %s", got.Code, got.Reason)
		}
		x.Select = append(x.Select, reading.Selected{Leaf: got.Leaf})
	}))
	x.Release.Requester.Name = "Jan\nfee              paid\x1b[31m\u202e<script>"
	x.Release.Basis = "art. 26\u2028ust. 1"
	name, h := o.mustPacket(t, x)
	if h.Documents != len(titles) {
		t.Errorf("%d documents, want %d", h.Documents, len(titles))
	}
	if r := judge(o, name); r.Verdict != verify.Passed {
		t.Errorf("%v", notPassed(r))
	}
	files := unpack(t, name)
	for n, title := range titles {
		found := false
		for _, ext := range []string{"XML", "BIN", "X"} {
			found = found || string(files[fmt.Sprintf("%sDOC%05d.%s", seal.PacketDocuments, n+1, ext)]) == title+"."
		}
		if !found {
			t.Errorf("document %d is not there as it was sent", n+1)
		}
	}
	page := string(files[seal.PacketIndex])
	wantPage(t, page, len(titles))
	for _, n := range []string{seal.PacketIndex, seal.PacketRelease, seal.PacketReadme} {
		if i := strings.IndexFunc(string(files[n]), unshown); i >= 0 {
			t.Errorf("%s has the character %q", n, []rune(string(files[n][i:]))[0])
		}
	}
	if lines := strings.Count(string(files[seal.PacketRelease]), "\n"); lines != 10 {
		t.Errorf("%s has %d lines:\n%s", seal.PacketRelease, lines, files[seal.PacketRelease])
	}
}

func unshown(r rune) bool {
	return r < ' ' && r != '\n' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x2028 || r == 0x2029
}

// wantPage sees that the page has the tags of its template, and no others.
func wantPage(t *testing.T, page string, rows int) {
	t.Helper()
	tags := map[string]int{}
	for _, tag := range regexp.MustCompile(`<[^>]*>`).FindAllString(page, -1) {
		if strings.HasPrefix(tag, "<a ") {
			if !regexp.MustCompile(`^<a href="IHE_XDM/SUBSET01/DOC\d{5}\.[A-Z0-9]{1,3}">$`).MatchString(tag) {
				t.Errorf("the page has %s", tag)
			}
			tag = "<a>"
		}
		tags[tag]++
	}
	for tag, want := range map[string]int{"<a>": rows, "</a>": rows, "<tr>": rows + 1, "<small>": rows, "</small>": rows, "<td>": 4 * rows, "<table>": 1, "</table>": 1, "</html>": 1, "<script>": 0} {
		if tags[tag] != want {
			t.Errorf("the page has %d %s, want %d", tags[tag], tag, want)
		}
		delete(tags, tag)
	}
	known := regexp.MustCompile(`^</?(!DOCTYPE html|html|head|meta|title|style|body|h1|p|th|td|tr|br)\b[^<]*>$`)
	for tag := range tags {
		if !known.MatchString(tag) {
			t.Errorf("the page has %s", tag)
		}
	}
}

// TestPacketLarge releases a document of 64 MiB, and one that deflate would turn into a bomb, in bounded memory.
func TestPacketLarge(t *testing.T) {
	a := archivetest.New(t, archivetest.Options{Bundles: 1, Accessions: 1})
	o := newOffice(t, a)
	const size = 64 << 20
	body := make([]byte, size)
	rand.NewChaCha8([32]byte{1}).Read(body)
	d := a.Draft("large-000001", archivetest.People[0], archivetest.Document{Name: "documents/noise.bin", Body: body}, archivetest.Document{Name: "documents/zeros.bin", Body: make([]byte, size+size/4)})
	dir := filepath.Join(t.TempDir(), "large")
	d.Folder(t, dir, d.Sign(t, a.Producer))
	sum := sha256.Sum256(body)
	body, d = nil, nil
	runtime.GC()
	x := o.export()
	peak := heapPeak(func() {
		must(t, o.w.Take(t.Context(), []archive.Source{{Path: dir}}, func(got archive.Outcome) {
			if got.Status != archive.Taken {
				t.Errorf("%s %s", got.Code, got.Reason)
			}
			x.Select = append(x.Select, reading.Selected{Leaf: got.Leaf})
		}))
	})
	if peak > 100<<20 {
		t.Errorf("taking it in needed %d MiB", peak>>20)
	}
	var name string
	peak = heapPeak(func() { name, _ = o.mustPacket(t, x) })
	if peak > 48<<20 {
		t.Errorf("releasing it needed %d MiB", peak>>20)
	}
	z, err := zip.OpenReader(name)
	must(t, err)
	defer z.Close()
	f, err := z.Open(seal.PacketDocument(1, "noise.bin"))
	must(t, err)
	h := sha256.New()
	if n, err := io.Copy(h, f); err != nil || n != size || [32]byte(h.Sum(nil)) != sum {
		t.Errorf("%d bytes came out, %v", n, err)
	}
}

// heapPeak is how much f's heap grew at most, give or take what is not seen between two looks.
func heapPeak(f func()) (peak uint64) {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	base, done, stopped := m.HeapAlloc, make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-done:
				return
			case <-time.After(5 * time.Millisecond):
			}
			var m runtime.MemStats
			if runtime.ReadMemStats(&m); m.HeapAlloc > base+peak {
				peak = m.HeapAlloc - base
			}
		}
	}()
	f()
	close(done)
	<-stopped
	return peak
}
