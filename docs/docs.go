// Package docs holds the pages that the programs hand out.
package docs

import _ "embed"

// Recover is recover.md: how to get everything out of an archive without kartoteka. Every archive carries it.
//
//go:embed recover.md
var Recover []byte
