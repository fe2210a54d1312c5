// Command kartotekad takes bundles in from the spool and answers kartoteka on the local socket.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"kartoteka/cmd/internal/daemon"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(daemon.Main(ctx, os.Args[1:], os.Stdout, os.Stderr))
}
