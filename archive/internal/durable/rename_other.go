//go:build !linux

package durable

func renameNew(from, to string) error { return renameUnlessThere(from, to) }
