package reading_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"kartoteka/archive"
	"kartoteka/archive/archivetest"
	"kartoteka/archive/reading"
	"kartoteka/seal"
	"kartoteka/verify"
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
