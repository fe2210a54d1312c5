package daemon

import (
	"net"

	"golang.org/x/sys/unix"
)

// peerOf asks the kernel who made the connection (unix(7), SO_PEERCRED): as of connect, and not to be forged.
func peerOf(c *net.UnixConn) (p peer, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return p, err
	}
	var cred *unix.Ucred
	cerr := raw.Control(func(fd uintptr) { cred, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) })
	if cerr != nil {
		return p, cerr
	}
	if err != nil {
		return p, err
	}
	return peer{int(cred.Uid), int(cred.Gid)}, nil
}
