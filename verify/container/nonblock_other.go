//go:build !unix

package container

const nonblock = 0 // no fifos in the file system
