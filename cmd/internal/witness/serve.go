package witness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"kartoteka/seal"
)

// typeSize is the media type of the size in a conflict.
const typeSize = "text/x.tlog.size"

// Handler answers POST /add-checkpoint.
func (w *Witness) Handler() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("POST /add-checkpoint", w.addCheckpoint)
	return m
}

func (w *Witness) addCheckpoint(out http.ResponseWriter, in *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(out, in.Body, seal.MaxAddCheckpoint))
	if err != nil {
		http.Error(out, "request cannot be read, or is too large", http.StatusBadRequest)
		return
	}
	r, err := seal.ParseAddCheckpoint(body)
	if err != nil {
		http.Error(out, err.Error(), http.StatusBadRequest)
		return
	}
	c, err := w.Add(r)
	if err != nil {
		w.answer(out, err)
		return
	}
	out.Header().Set("Content-Type", "text/plain; charset=utf-8")
	io.WriteString(out, c.String())
}

func (w *Witness) answer(out http.ResponseWriter, err error) {
	var r *Refusal
	switch {
	case !errors.As(err, &r):
		w.o.Say(err.Error())
		http.Error(out, "the witness cannot sign now", http.StatusInternalServerError) // its disk is nobody's business
	case r.Status == http.StatusConflict:
		out.Header().Set("Content-Type", typeSize)
		out.WriteHeader(r.Status)
		fmt.Fprintf(out, "%d\n", r.Known)
	default:
		http.Error(out, r.Reason, r.Status)
	}
}

// Serve answers on a listener until the context ends, then finishes what was begun.
func (w *Witness) Serve(ctx context.Context, l net.Listener) error {
	s := &http.Server{Handler: w.Handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: 15 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err := s.Shutdown(last)
	<-done
	return err
}
