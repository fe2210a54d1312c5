package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"sync"
	"syscall"
	"time"

	"kartoteka/archive"
	"kartoteka/seal"
)

// dialTimeout bounds the connecting alone: a daemon that is there answers at once, even while it takes in.
const dialTimeout = 5 * time.Second

// redialAfter is well below the time after which kartotekad closes an idle connection: an export reads for minutes
// between its look-up and its release.
const redialAfter = 10 * time.Second

// Client is a connection to a kartotekad. Its methods may be called from several goroutines; one request is on its
// way at a time. After a method's context ended early the client is of no more use.
type Client struct {
	asking sync.Mutex // held for one request and its answers
	path   string     // to connect again; empty when that is not to be
	in     *Reader
	used   time.Time

	mu   sync.Mutex // guards conn, which Close may close meanwhile, and shut
	conn net.Conn
	shut bool
}

// Dial connects to the socket at path. When nobody listens there, errors.Is(err, ErrNoDaemon).
func Dial(path string) (*Client, error) {
	conn, err := net.DialTimeout("unix", path, dialTimeout)
	switch {
	case err == nil:
		return &Client{path: path, conn: conn, in: NewReader(conn), used: time.Now()}, nil
	case nobody(err):
		return nil, fmt.Errorf("socket %s: %w", path, ErrNoDaemon)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("socket %s: %w (its file mode keeps you out)", path, ErrForbidden)
	}
	return nil, fmt.Errorf("socket: %w", err)
}

// wsaRefused is Windows' ECONNREFUSED: package syscall gives it no name.
const wsaRefused = syscall.Errno(10061)

func nobody(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, wsaRefused) || errors.Is(err, syscall.ENOTDIR)
}

// Close closes the connection.
func (c *Client) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shut = true
	return c.conn.Close()
}

// line gives the connection for the next request: a new one where the old was idle for long. Nothing of the request is
// on its way yet, so nothing is asked twice.
func (c *Client) line() (net.Conn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.path == "" || c.shut || time.Since(c.used) < redialAfter {
		return c.conn, nil
	}
	fresh, err := Dial(c.path)
	if err != nil {
		return nil, err
	}
	c.conn.Close()
	c.conn, c.in = fresh.conn, fresh.in
	return c.conn, nil
}

// Status asks how the archive is.
func (c *Client) Status(ctx context.Context) (s Status, err error) {
	err = c.ask(ctx, Request{Op: OpStatus}, func(a Answer) error {
		if a.Status == nil {
			return errors.New("the daemon's answer has no status")
		}
		s = *a.Status
		return nil
	})
	return s, err
}

// Find looks for a person's bundles.
func (c *Client) Find(ctx context.Context, q archive.Query) ([]archive.Found, error) {
	return c.found(ctx, Request{Op: OpFind, Query: &q})
}

// List lists bundles by month and class.
func (c *Client) List(ctx context.Context, q archive.Query) ([]archive.Found, error) {
	return c.found(ctx, Request{Op: OpList, Query: &q})
}

func (c *Client) found(ctx context.Context, r Request) ([]archive.Found, error) {
	list := []archive.Found{}
	err := c.ask(ctx, r, func(a Answer) error {
		list = append(list, a.Found...)
		return nil
	})
	return list, err
}

// Ingest has the daemon take in now what stands in the spool, and calls each with every outcome once it is final.
// When ctx ends the daemon goes on with the accession at hand.
func (c *Client) Ingest(ctx context.Context, each func(archive.Outcome)) error {
	return c.ask(ctx, Request{Op: OpIngest}, func(a Answer) error {
		for _, o := range a.Outcomes {
			each(o)
		}
		return nil
	})
}

// Release commits a release event. When it returns nil the event is durable: only then is a packet handed over.
func (c *Client) Release(ctx context.Context, entry seal.Release, custodian string) (seal.LeafIndex, error) {
	return c.leaf(ctx, Request{Op: OpRelease, Release: &Release{Entry: entry, Custodian: custodian}})
}

// ReleaseVoid commits that the packet of a release was not handed over.
func (c *Client) ReleaseVoid(ctx context.Context, release seal.LeafIndex, code string) (seal.LeafIndex, error) {
	return c.leaf(ctx, Request{Op: OpReleaseVoid, Void: &Void{Release: release, Code: code}})
}

var errNoEvent = errors.New("the daemon's answer has no event")

func (c *Client) leaf(ctx context.Context, r Request) (leaf seal.LeafIndex, err error) {
	err = c.ask(ctx, r, func(a Answer) error {
		if a.Leaf == nil {
			return errNoEvent
		}
		leaf = *a.Leaf
		return nil
	})
	return leaf, err
}

// ask sends a request and calls take with each of its answers.
func (c *Client) ask(ctx context.Context, r Request, take func(Answer) error) error {
	r.Version = Version
	if err := r.Check(); err != nil {
		return err
	}
	c.asking.Lock()
	defer c.asking.Unlock()
	conn, err := c.line()
	if err != nil {
		return err
	}
	defer func() { c.used = time.Now() }()
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := Write(conn, r); err != nil && !errors.Is(err, syscall.EPIPE) {
		return c.broken(ctx, err)
	}
	for {
		line, err := c.in.Line()
		if err != nil {
			return c.broken(ctx, err)
		}
		var a Answer
		if err := seal.UnmarshalStrict(line, &a); err != nil {
			return fmt.Errorf("the daemon's answer: %w", err)
		}
		if a.Error != nil {
			return a.Error
		}
		if err := take(a); err != nil || !a.More {
			return err
		}
	}
}

// broken says why the connection ended: the caller's doing, or the daemon's.
func (c *Client) broken(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: it closed the connection", ErrStopping)
	}
	return fmt.Errorf("socket: %w", err)
}
