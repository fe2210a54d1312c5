package reading_test

import (
	"bytes"
	"context"
	"errors"
	"os"
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
)

// A record that opens to more than the event commits to fills neither memory nor a disk.
func TestDocumentTooLong(t *testing.T) {
	o := newOffice(t, archivetest.New(t, archivetest.Options{Bundles: 1, Accessions: 1}))
	b, err := o.room.Bundle(o.Bundles[0].Leaf)
	must(t, err)
	b.Capsule.Items[1].Size = 10
	var out bytes.Buffer
	var bad *verify.Error
	if err := b.Document(&out, 1); !errors.As(err, &bad) || bad.Code != verify.CodeRecord || out.Len() > 10 {
		t.Errorf("%d bytes came out: %v", out.Len(), err)
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
