// Command kartoteka is the archive's command line for staff and auditors.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"kartoteka/cmd/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(cli.Main(ctx, cli.System(), os.Args[1:]))
}
