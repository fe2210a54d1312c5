package daemon

import (
	"context"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// notifier tells systemd how it stands (sd_notify(3)). Without systemd it says nothing.
type notifier struct {
	address  string
	watchdog time.Duration // 0: nobody watches
}

func newNotifier(getenv func(string) string) notifier {
	n := notifier{address: getenv("NOTIFY_SOCKET")}
	if n.address != "" && !strings.HasPrefix(n.address, "/") && !strings.HasPrefix(n.address, "@") {
		n.address = "" // vsock and others are not for us
	}
	usec, err := strconv.ParseInt(getenv("WATCHDOG_USEC"), 10, 64)
	if pid := getenv("WATCHDOG_PID"); err == nil && usec > 0 && (pid == "" || pid == strconv.Itoa(os.Getpid())) {
		n.watchdog = time.Duration(usec) * time.Microsecond
	}
	return n
}

// say sends assignments, one a line. Nothing depends on it, so failures are not told. Package net takes a leading @
// for an abstract socket, as systemd does.
func (n notifier) say(lines ...string) {
	if n.address == "" {
		return
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: n.address, Net: "unixgram"})
	if err != nil {
		return
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(time.Second))
	c.Write([]byte(strings.Join(lines, "\n")))
}

func (n notifier) ready()          { n.say("READY=1") }
func (n notifier) stopping()       { n.say("STOPPING=1", "STATUS=ending after the accession at hand") }
func (n notifier) status(s string) { n.say("STATUS=" + s) }
func (n notifier) alive()          { n.say("WATCHDOG=1") }
func (n notifier) watched() bool   { return n.address != "" && n.watchdog > 0 }

// watched keeps systemd's watchdog quiet as long as the keeper turns.
func (k *keeper) watched(ctx context.Context, n notifier) {
	for n.watched() && ctx.Err() == nil {
		if k.board.alive() {
			n.alive()
		}
		sleep(ctx, n.watchdog/2)
	}
}
