package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	_ "time/tzdata" // the calendar must not depend on what is installed

	"kartoteka/archive"
)

// Options are the world the daemon runs in. Tests give their own.
type Options struct {
	Log    *slog.Logger
	Now    func() time.Time    // default time.Now
	Getenv func(string) string // default os.Getenv; for systemd's variables
	Ready  func()              // called once requests are answered
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Getenv == nil {
		o.Getenv = os.Getenv
	}
	if o.Ready == nil {
		o.Ready = func() {}
	}
	return o
}

// Run keeps the archive and answers requests until ctx is done; it ends after the accession at hand. Its error says
// why the daemon would not start or could not go on.
func Run(ctx context.Context, c *Config, o Options) error {
	o = o.withDefaults()
	k, err := start(c, o)
	if err != nil {
		return err
	}
	defer k.desk.close()
	r, err := newRoles(c.Roles)
	if err != nil {
		return fmt.Errorf("%w: %s: roles: %w", ErrConfig, c.file, err)
	}
	l, err := listen(c.Socket)
	if err != nil {
		return err
	}
	s := newServer(k, r, o.Log, l)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	k.stamping.life = ctx
	n := newNotifier(o.Getenv)
	defer context.AfterFunc(ctx, n.stopping)()
	served := make(chan struct{})
	go func() {
		defer close(served)
		s.run(ctx)
	}()
	go k.watch(ctx, filepath.Join(c.Spool, "incoming"))
	go k.watched(ctx, n)
	go k.hangup(ctx)
	stamped := make(chan struct{})
	go func() {
		defer close(stamped)
		k.stampNights(ctx)
	}()
	o.Log.Info("started", "size", k.desk.a.Head().Size, "nightly", c.Calendar.Nightly.String(), "zone", k.cal.zone.String())
	c.warnStamps(k.desk.a.Policy(), k.stamping.By, o.Log)
	n.ready()
	o.Ready()
	k.board.tell = n.status
	err = k.run(ctx)
	stop()
	<-served
	<-stamped
	if err != nil {
		o.Log.Error("cannot go on", "error", safe(err))
	}
	o.Log.Info("stopped", "size", k.size())
	return err
}

// start opens the archive and makes its keeper.
func start(c *Config, o Options) (*keeper, error) {
	open := func() (*archive.Archive, error) {
		a, err := archive.Open(c.Archive, archive.Options{Write: true, Private: c.Private, Spool: c.Spool, Now: o.Now,
			Workers: c.Workers, Segment: int64(c.Segment), Reserve: uint64(c.Reserve)})
		if err == nil && a.IndexAside() != nil {
			o.Log.Warn("index.db set aside and made anew", "error", safe(a.IndexAside()))
		}
		return a, err
	}
	a, err := open()
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(a.Spec.TimeZone)
	if err != nil {
		a.Close()
		return nil, fmt.Errorf("archive.json: time zone: %w", err)
	}
	k := newKeeper(o.Log, o.Now, open)
	k.desk.a = a
	k.cal = calendar{zone: zone, nightly: c.Calendar.Nightly, maxWait: time.Duration(c.Calendar.MaxWait)}
	k.file = c.StatusFile
	if k.stamping.By, err = c.stampers(a.Policy(), o.Log, o.Now); err != nil {
		a.Close()
		return nil, err
	}
	return k, nil
}

// Done is what Once did, in numbers.
type Done struct {
	Taken, Known, Rejected, Postponed int
}

// Once takes in what stands in the spool, once, and ends.
func Once(ctx context.Context, c *Config, o Options) (d Done, err error) {
	o = o.withDefaults()
	k, err := start(c, o)
	if err != nil {
		return d, err
	}
	defer k.desk.close()
	k.scan()
	q := &ask{want: map[string]bool{}, out: make(chan archive.Outcome, len(k.spool.list))}
	for path := range k.spool.known {
		q.want[path] = true
	}
	k.asks = []*ask{q}
	for batch := k.spool.next(k.now(), false, k.asked); len(batch) > 0 && ctx.Err() == nil; batch = k.spool.next(k.now(), false, k.asked) {
		if err := k.intake(ctx, batch); err != nil {
			return d, err
		}
	}
	k.answer(nil)
	k.writeStatus()
	for o := range q.out {
		d.count(o.Status)
	}
	switch {
	case q.err == nil:
		return d, ctx.Err()
	case errors.Is(q.err, archive.ErrSpace):
		return d, q.err
	}
	return d, errors.New("accession failed: " + safe(q.err)) // the whole text may hold a sender's file name
}

func (d *Done) count(s archive.Status) {
	switch s {
	case archive.Taken:
		d.Taken++
	case archive.Known:
		d.Known++
	case archive.Rejected:
		d.Rejected++
	case archive.Postponed:
		d.Postponed++
	}
}

func (k *keeper) size() (n int64) {
	k.desk.look(func(a *archive.Archive) error {
		n = a.Head().Size
		return nil
	})
	return n
}

// hangup keeps SIGHUP, which elsewhere means "read your configuration again", from killing the daemon in the middle of
// an accession. Roles and folders change with a restart, which takes a tenth of a second.
func (k *keeper) hangup(ctx context.Context) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGHUP)
	defer signal.Stop(c)
	for {
		select {
		case <-ctx.Done():
			return
		case <-c:
			k.log.Warn("SIGHUP reads nothing again; restart kartotekad to change its configuration")
		}
	}
}
