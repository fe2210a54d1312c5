package archive

import (
	"kartoteka/archive/internal/durable"
	"kartoteka/seal"
	"kartoteka/verify"
)

// Over gives options under which an archive writes and reads through other file systems than the operating system's:
// the archive's folder and the spool. The index, the private keys and the bundles sent are not among them.
func (o Options) Over(files func(dir string) durable.FS) Options {
	o.files = files
	return o
}

// Append stages any event: what a thief with the log key can do.
func (s *Accession) Append(e seal.Event) seal.LeafIndex { return s.add(e) }

// PutOrder writes an order's file, whatever it says.
func (a *Archive) PutOrder(data []byte) (seal.Digest, error) {
	sum := verify.Digest(data)
	if err := durable.MkdirAll(a.fs, ordersDir, dirPerm); err != nil {
		return sum, err
	}
	return sum, durable.ReplaceFile(a.fs, orderName(sum), data, filePerm)
}
