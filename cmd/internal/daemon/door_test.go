package daemon

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kartoteka/archive"
	"kartoteka/cmd/internal/wire"
)

// Users of these tests.
const (
	clerk    = 4711
	stranger = 4242
)

// gate is a daemon's socket at which the kernel says whatever the test wants to be.
type gate struct {
	*world
	*server
	as   atomic.Int64 // uid of who connects next
	keep func()       // starts the keeper
}

// newGate opens a socket whose clerks are the users from 4711 to 4799.
func newGate(t *testing.T, idle time.Duration) *gate {
	t.Helper()
	g := &gate{world: newWorld(t, "")}
	k, err := start(g.conf, Options{Log: g.logger(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	l, err := listen(g.conf.Socket)
	if err != nil {
		t.Fatal(err)
	}
	r := &roles{groups: func(int) ([]int, error) { return nil, nil }}
	for uid := clerk; uid < 4800; uid++ {
		r.holders = append(r.holders, holder{uid, -1, RoleIngest})
	}
	g.server = newServer(k, r, g.logger(), l)
	g.idle, g.who = idle, func(*net.UnixConn) (peer, error) { return peer{int(g.as.Load()), 99999}, nil }
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { g.server.run(ctx) })
	g.keep = sync.OnceFunc(func() { running.Go(func() { k.run(ctx) }) })
	t.Cleanup(func() {
		cancel()
		g.keep() // whoever still waits for it is told
		running.Wait()
		k.desk.close()
	})
	return g
}

// visitor is a connection as a user. Its calls have answers within 5 seconds or fail.
type visitor struct {
	net.Conn
	in *wire.Reader
}

func (g *gate) visit(t *testing.T, uid int) *visitor {
	t.Helper()
	g.as.Store(int64(uid))
	c, err := net.Dial("unix", g.conf.Socket.Path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(5 * time.Second))
	return &visitor{c, wire.NewReader(c)}
}

// told is the code the daemon answers; empty when it closed the connection without a word.
func (v *visitor) told(t *testing.T) wire.Code {
	t.Helper()
	line, err := v.in.Line()
	if errors.Is(err, io.EOF) {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []wire.Code{wire.CodeForbidden, wire.CodeConnections, wire.CodeRequest} {
		if strings.Contains(string(line), `"code":"`+string(c)+`"`) {
			return c
		}
	}
	return wire.Code(line)
}

// asks says whether the visitor has its request answered.
func (v *visitor) asks(t *testing.T) bool {
	t.Helper()
	fmt.Fprintln(v, `{"version":1,"op":"status"}`) // fails where it was turned away; the answer is read all the same
	return strings.Contains(string(v.told(t)), `"status":{`)
}

// TestStrangersAtTheDoor: who has no role is told so and sent away before it says anything, and locks out nobody.
func TestStrangersAtTheDoor(t *testing.T) {
	g := newGate(t, time.Minute)
	for n := range 80 {
		v := g.visit(t, stranger)
		if code := v.told(t); code != wire.CodeForbidden {
			t.Fatalf("connection %d: %q", n, code)
		}
		if code := v.told(t); code != "" {
			t.Fatalf("connection %d stays open: %q", n, code)
		}
		waitPlaces(t, g, stranger, 0)
	}
	for _, uid := range []int{0, os.Getuid(), clerk} {
		if !g.visit(t, uid).asks(t) {
			t.Errorf("user %d is locked out", uid)
		}
	}
	if n := strings.Count(g.world.log.String(), `"uid":4242`); n != 1 {
		t.Errorf("said %d times", n)
	}
}

func waitPlaces(t *testing.T, g *gate, uid, n int) {
	t.Helper()
	wait(t, "places to be given back", func() bool {
		g.door.mu.Lock()
		defer g.door.mu.Unlock()
		return g.door.uids[uid] == n
	})
}

// TestPlaces: each user has places of its own, root has more, and what is closed makes room.
func TestPlaces(t *testing.T) {
	for uid, places := range map[int]int{clerk: perUser, 0: perOwner, os.Getuid(): perOwner} {
		g := newGate(t, time.Minute)
		var first *visitor
		for n := range places {
			v := g.visit(t, uid)
			if !v.asks(t) {
				t.Fatalf("user %d: connection %d is refused", uid, n)
			}
			if first == nil {
				first = v
			}
		}
		for range 5 {
			v := g.visit(t, uid)
			if code := v.told(t); code != wire.CodeConnections {
				t.Errorf("user %d: one too many: %q", uid, code)
			}
			if code := v.told(t); code != "" {
				t.Errorf("user %d: one too many stays open: %q", uid, code)
			}
		}
		if !g.visit(t, clerk+1).asks(t) {
			t.Errorf("user %d locks others out", uid)
		}
		first.Close()
		waitPlaces(t, g, uid, places-1)
		if !g.visit(t, uid).asks(t) {
			t.Errorf("user %d: no room although one was closed", uid)
		}
	}
}

// TestRoomForOwners: all clerks together, each within its bounds, leave room for root and the daemon's user.
func TestRoomForOwners(t *testing.T) {
	g := newGate(t, time.Minute)
	for n := range forOthers {
		if !g.visit(t, clerk+n/perUser).asks(t) {
			t.Fatalf("connection %d is refused", n)
		}
	}
	if code := g.visit(t, 4799).told(t); code != wire.CodeConnections {
		t.Errorf("one clerk too many: %q", code)
	}
	for _, uid := range []int{0, os.Getuid()} {
		if !g.visit(t, uid).asks(t) {
			t.Errorf("user %d is locked out", uid)
		}
	}
	if code := g.visit(t, stranger).told(t); code != wire.CodeForbidden {
		t.Errorf("a stranger: %q", code)
	}
}

// TestRoleTakenAway: a connection whose peer lost its last role ends with the next request.
func TestRoleTakenAway(t *testing.T) {
	g := newGate(t, time.Minute)
	var out atomic.Bool
	g.roles.holders = []holder{{-1, 50, RoleStaff}}
	g.roles.groups = func(int) ([]int, error) {
		if out.Load() {
			return nil, nil
		}
		return []int{50}, nil
	}
	v := g.visit(t, clerk)
	if !v.asks(t) {
		t.Fatal("refused")
	}
	out.Store(true)
	if v.asks(t) {
		t.Error("answered")
	}
	if code := v.told(t); code != "" {
		t.Errorf("stays open: %q", code)
	}
}

// TestIdle: without a whole request in time a connection is closed, however slowly it goes on; who awaits an answer
// waits as long as it takes.
func TestIdle(t *testing.T) {
	const idle = 150 * time.Millisecond
	g := newGate(t, idle)
	start := time.Now()
	patient := g.visit(t, clerk)
	fmt.Fprintln(patient, `{"version":1,"op":"ingest"}`) // the keeper does not run yet
	silent, slow := g.visit(t, clerk+1), g.visit(t, clerk+2)
	go func() {
		for range 100 {
			if _, err := slow.Write([]byte(" ")); err != nil {
				return
			}
			time.Sleep(idle / 10)
		}
	}()
	for name, v := range map[string]*visitor{"silent": silent, "slow": slow} {
		if _, err := v.in.Line(); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if took := time.Since(start); took < idle || took > 10*idle {
		t.Errorf("closed after %s", took)
	}
	time.Sleep(2 * idle)
	g.keep()
	if got := patient.told(t); got != `{"version":1}` {
		t.Errorf("who waited long got %q", got)
	}
}

// TestSocketStranger is the whole of it: another user of this machine, without a role, opens 80 connections and keeps
// them, and root's status is answered.
func TestSocketStranger(t *testing.T) {
	if path := os.Getenv("KARTOTEKA_TEST_ASK"); path != "" {
		hoard(t, path)
		return
	}
	if os.Getuid() != 0 {
		t.Skip("needs root, to become another user")
	}
	w := newWorld(t, "")
	w.conf.Socket.Mode = 0o666
	w.start(t, Options{})
	cmd := w.asNobody(t)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() && !strings.Contains(lines.Text(), "hoarded") {
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if _, err := w.dial(t).Status(ctx); err != nil {
		t.Errorf("status: %v", err)
	}
	in.Close()
	var rest strings.Builder
	for lines.Scan() {
		rest.WriteString(lines.Text() + "\n")
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, rest.String())
	}
}

// hoard ends when its parent closes stdin.
func hoard(t *testing.T, path string) {
	for range 80 {
		c, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	c, err := wire.Dial(path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var e *wire.Error
	if _, err := c.List(t.Context(), archive.Query{}); !errors.As(err, &e) || (e.Code != wire.CodeForbidden && e.Code != wire.CodeConnections) {
		t.Errorf("list: %v", err)
	}
	fmt.Println("hoarded")
	io.Copy(io.Discard, os.Stdin)
}
