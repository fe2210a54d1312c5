// Command kartotekad takes bundles in from the spool and answers kartoteka on the local socket.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"kartoteka/cmd/internal/daemon"
)

// gcPercent trades a hundredth of the processor's time for a fifth of the memory: what an intake allocates is mostly
// whole documents, which cost the collector nothing to look at.
const gcPercent = 50

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(daemon.Main(ctx, os.Args[1:], os.Stdout, os.Stderr))
}
