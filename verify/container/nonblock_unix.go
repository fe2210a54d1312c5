//go:build unix

package container

import "syscall"

// nonblock keeps the opening of a fifo from waiting for its writer; it means
// nothing for regular files. The type is checked after opening.
const nonblock = syscall.O_NONBLOCK
