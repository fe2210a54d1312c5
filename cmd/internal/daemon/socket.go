package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"kartoteka/archive"
	"kartoteka/cmd/internal/wire"
)

// Times of the socket. An answer that is awaited takes as long as it takes.
const (
	idleFor   = 30 * time.Second // within which a whole request comes, however slowly
	writeFor  = 30 * time.Second
	lingerFor = 5 * time.Second // how long running answers may take once the daemon stops
)

// server answers on the local socket.
type server struct {
	keeper   *keeper
	roles    *roles
	log      *slog.Logger
	listener *net.UnixListener
	who      func(*net.UnixConn) (peer, error)
	idle     time.Duration
	door     door
	lists    chan struct{} // one list at a time: it holds every entry in memory
	dues     chan struct{} // one table of what is due at a time: a decision on every bundle is work

	mu    sync.Mutex
	conns map[*net.UnixConn]bool
	wg    sync.WaitGroup
}

// listen makes the socket. Whoever calls it holds the archive's lock; a socket that nobody answers on is what a killed
// daemon left.
func listen(c Socket) (*net.UnixListener, error) {
	if err := removeStale(c.Path); err != nil {
		return nil, err
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: c.Path, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("socket: %w", err)
	}
	// Whoever connects before these lines took effect is judged by role like everybody.
	err = os.Chmod(c.Path, fs.FileMode(c.Mode))
	if err == nil && c.Group != "" {
		var gid int
		if gid, err = lookupGroup(c.Group); err == nil {
			err = os.Chown(c.Path, -1, gid)
		}
	}
	if err != nil {
		l.Close()
		return nil, fmt.Errorf("socket: %w", err)
	}
	return l, nil
}

func removeStale(path string) error {
	i, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	if i.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("socket: %s is there and is no socket", path)
	}
	if c, err := wire.Dial(path); err == nil {
		c.Close()
		return fmt.Errorf("socket: somebody listens at %s: %w", path, archive.ErrBusy)
	}
	return os.Remove(path)
}

func newServer(k *keeper, r *roles, log *slog.Logger, l *net.UnixListener) *server {
	return &server{keeper: k, roles: r, log: log, listener: l, who: peerOf, idle: idleFor,
		lists: make(chan struct{}, 1), dues: make(chan struct{}, 1), conns: map[*net.UnixConn]bool{}}
}

// run answers until ctx is done; then it lets running answers end.
func (s *server) run(ctx context.Context) {
	stop := context.AfterFunc(ctx, func() {
		s.listener.Close()
		s.each(func(c *net.UnixConn) { c.SetReadDeadline(time.Now()) })
	})
	defer stop()
	for {
		c, err := s.listener.AcceptUnix()
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				break
			}
			s.log.Warn("accept a connection", "error", safe(err)) // out of descriptors, for one
			sleep(ctx, time.Second)
			continue
		}
		s.admit(ctx, c)
	}
	kill := time.AfterFunc(lingerFor, func() { s.each(func(c *net.UnixConn) { c.Close() }) })
	defer kill.Stop()
	s.wg.Wait()
}

// admit gives a connection its place, or turns it away. It waits for nothing: the next in the queue may be root.
func (s *server) admit(ctx context.Context, c *net.UnixConn) {
	p, err := s.who(c)
	if err != nil {
		s.log.Warn("nobody knows who asks", "error", err.Error())
		c.Close()
		return
	}
	if !s.door.enter(p) {
		s.turnAway(c, p, wire.Errorf(wire.CodeConnections, "user %d has %d connections to kartotekad already; close one, then ask again", p.uid, p.places()))
		c.Close()
		return
	}
	s.add(c)
	s.wg.Go(func() {
		defer s.door.leave(p)
		defer s.remove(c)
		s.serve(ctx, c, p)
	})
}

func (s *server) add(c *net.UnixConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[c] = true
}

func (s *server) remove(c *net.UnixConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	c.Close()
}

func (s *server) each(f func(*net.UnixConn)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		f(c)
	}
}

// serve answers the requests of one connection, one after the other.
func (s *server) serve(ctx context.Context, c *net.UnixConn, p peer) {
	if len(s.roles.allowed(p)) == 0 { // before anything is read: who may ask nothing holds no place
		s.turnAway(c, p, noRole(p))
		return
	}
	if !s.door.sit(p) {
		s.turnAway(c, p, wire.Errorf(wire.CodeConnections, "kartotekad has %d connections already; ask again later", forOthers))
		return
	}
	defer s.door.rise(p)
	in := wire.NewReader(c)
	for ctx.Err() == nil {
		c.SetReadDeadline(time.Now().Add(s.idle))
		line, err := in.Line()
		if errors.Is(err, wire.ErrTooLong) {
			s.send(c, wire.Answer{Error: wire.Errorf(wire.CodeRequest, "request: %s", err)})
		}
		if err != nil {
			return
		}
		if err := s.answer(c, p, line); err != nil {
			return
		}
	}
}

func noRole(p peer) *wire.Error {
	return wire.Errorf(wire.CodeForbidden, "user %d has no role in kartotekad's configuration", p.uid)
}

// turnAway says why a connection is about to be closed. A fresh one takes these bytes without being read.
func (s *server) turnAway(c net.Conn, p peer, why *wire.Error) {
	if s.door.tell(p, time.Now()) {
		s.log.Warn("connection turned away", "code", string(why.Code), "uid", p.uid)
	}
	s.send(c, wire.Answer{Error: why})
}

func (s *server) send(c net.Conn, a wire.Answer) error {
	a.Version = wire.Version
	c.SetWriteDeadline(time.Now().Add(writeFor))
	return wire.Write(c, a)
}
