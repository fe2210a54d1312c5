package archive

import "kartoteka/archive/internal/durable"

// Over gives options under which an archive writes and reads through other file systems than the operating system's:
// the archive's folder and the spool. The index, the private keys and the bundles sent are not among them.
func (o Options) Over(files func(dir string) durable.FS) Options {
	o.files = files
	return o
}
