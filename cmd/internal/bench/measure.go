package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// cost of a command: wall clock, processor time of it and its children, peak resident memory in bytes.
type cost struct {
	wall, cpu time.Duration
	rss       int64
}

// run runs a command to its end and weighs it. What waits to be written is written before, so that nobody pays for
// another's writes.
func run(c *exec.Cmd) (k cost, err error) {
	syscall.Sync()
	var said bytes.Buffer
	if c.Stdout == nil {
		c.Stdout = &said
	}
	if c.Stderr == nil {
		c.Stderr = &said
	}
	start := time.Now()
	err = c.Start()
	if err == nil {
		peak := watch(c.Process.Pid)
		err = c.Wait()
		k.wall = time.Since(start)
		k.cpu = c.ProcessState.UserTime() + c.ProcessState.SystemTime()
		k.rss = peak()
	}
	if err != nil {
		return k, fmt.Errorf("%s: %w: %s", strings.Join(c.Args, " "), err, said.Bytes())
	}
	return k, nil
}

// watch follows the peak resident memory of one process; the function it returns ends that. The kernel's ru_maxrss will
// not do: a child inherits this program's.
func watch(pid int) (peak func() int64) {
	quit, seen := make(chan struct{}), make(chan int64)
	go func() {
		var high int64
		for {
			select {
			case <-quit:
				seen <- high
				return
			case <-time.After(5 * time.Millisecond):
				high = max(high, highWater(pid))
			}
		}
	}()
	return func() int64 { close(quit); return <-seen }
}

// highWater is VmHWM of /proc/PID/status in bytes; 0 where there is none.
func highWater(pid int) (n int64) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if _, rest, ok := strings.Cut(string(text), "VmHWM:"); err == nil && ok {
		fmt.Sscanf(rest, "%d", &n)
	}
	return n << 10
}

// median runs a job some times, each after prepare, and gives the run of median wall clock.
func median(runs int, prepare func() error, job func() (cost, error)) (cost, error) {
	var all []cost
	for range runs {
		if prepare != nil {
			if err := prepare(); err != nil {
				return cost{}, err
			}
		}
		k, err := job()
		if err != nil {
			return k, err
		}
		all = append(all, k)
	}
	slices.SortFunc(all, func(x, y cost) int { return int(x.wall - y.wall) })
	return all[len(all)/2], nil
}

// cold empties the page cache, which only root may.
func cold() error {
	syscall.Sync()
	return os.WriteFile("/proc/sys/vm/drop_caches", []byte("3"), 0)
}

// size is the sum of the files' sizes below the folders.
func size(dirs ...string) (n int64, err error) {
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			i, err := d.Info()
			if err == nil {
				n += i.Size()
			}
			return err
		})
		if err != nil {
			return 0, err
		}
	}
	return n, nil
}

// link makes a copy of a folder whose files are hard links.
func link(from, to string) error {
	return filepath.WalkDir(from, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := to + strings.TrimPrefix(p, from)
		if d.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		return os.Link(p, target)
	})
}
