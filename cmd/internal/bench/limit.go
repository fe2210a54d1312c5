package main

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"os"
	"strings"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"
)

// limitWorkers is what the peers are given too.
const limitWorkers = 2

// limitProgram does to the listed documents what no archive of this kind can do without, and nothing else: read,
// SHA-256, SHA-512, zstd, decompress and compare, age, SHA-256 of the result, one file, one fsync.
func limitProgram(list, out string) error {
	text, err := os.ReadFile(list)
	if err != nil {
		return err
	}
	l, err := newLimit()
	if err != nil {
		return err
	}
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	defer f.Close()
	to := bufio.NewWriterSize(f, 256<<10)
	sum := sha256.New()
	for done := range l.start(string(text)) {
		s := <-done
		if s.err != nil {
			return s.err
		}
		sum.Write(s.data)
		if _, err := to.Write(s.data); err != nil {
			return err
		}
	}
	return errors.Join(to.Flush(), f.Sync())
}

type limit struct {
	plain, stored *zstd.Encoder
	back          *zstd.Decoder
	secret        string
}

type limitResult struct {
	data []byte
	err  error
}

func newLimit() (*limit, error) {
	var b [32]byte
	rand.Read(b[:])
	l := &limit{secret: hex.EncodeToString(b[:])}
	var err error
	if l.plain, err = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderConcurrency(limitWorkers)); err != nil {
		return nil, err
	}
	if l.stored, err = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(limitWorkers)); err != nil {
		return nil, err
	}
	l.back, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(limitWorkers))
	return l, err
}

// start works ahead of who reads the results, which come in the order of the list.
func (l *limit) start(list string) <-chan chan limitResult {
	order := make(chan chan limitResult, 2*limitWorkers)
	free := make(chan struct{}, limitWorkers)
	go func() {
		defer close(order)
		for line := range strings.Lines(list) {
			level, name, _ := strings.Cut(strings.TrimSpace(line), " ")
			done := make(chan limitResult, 1)
			free <- struct{}{}
			go func() {
				defer func() { <-free }()
				data, err := l.seal(name, level == levelStored)
				done <- limitResult{data, err}
			}()
			order <- done
		}
	}()
	return order
}

func (l *limit) seal(name string, stored bool) ([]byte, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	sha256.Sum256(b)
	sha512.Sum512(b)
	e := l.plain
	if stored {
		e = l.stored
	}
	frame := e.EncodeAll(b, nil)
	if back, err := l.back.DecodeAll(frame, make([]byte, 0, len(b))); err != nil || !bytes.Equal(back, b) {
		return nil, errors.New(name + " does not come back")
	}
	r, err := age.NewScryptRecipient(l.secret)
	if err != nil {
		return nil, err
	}
	r.SetWorkFactor(1)
	var out bytes.Buffer
	w, err := age.Encrypt(&out, r)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(frame); err != nil {
		return nil, err
	}
	err = w.Close()
	return out.Bytes(), err
}
