package archive

import (
	"errors"
	"fmt"
	"io/fs"

	"kartoteka/archive/internal/durable"
	"kartoteka/seal"
	"kartoteka/verify"
)

// rewrap wraps every keyfile's secret to the recipients to be and makes the files durable beside those in place. They
// name the event that is staged next.
func (s *Accession) rewrap(c CustodianChange) (list seal.Rewrapping, damaged []error, err error) {
	names, err := s.a.allKeyfiles()
	if err == nil {
		err = s.a.roomFor(names)
	}
	if err != nil {
		return list, nil, err
	}
	files := durable.NewBatch(s.a.fs, ".", filePerm, dirPerm)
	defer files.Abort()
	for i, n := range names {
		if c.Step != nil {
			c.Step(int64(i), int64(len(names)))
		}
		k, err := s.rewrapped(n, c.Secret)
		var lost *Tampered
		if c.SkipDamaged && errors.As(err, &lost) {
			damaged = append(damaged, lost)
			continue
		}
		if err == nil {
			err = put(files, &list, k)
		}
		if err != nil {
			return list, nil, err
		}
	}
	if c.Step != nil {
		c.Step(int64(len(names)), int64(len(names)))
	}
	return list, damaged, files.Commit()
}

// rewrapped is a keyfile with its secret wrapped to the recipients to be. *Tampered says that no copy of it holds, not
// merely that it cannot be read now.
func (s *Accession) rewrapped(n keyfileID, open func(*seal.Keyfile) (seal.Secret, error)) (seal.Keyfile, error) {
	k, err := s.a.Keyfile(n.Accession, n.Class)
	var bad *Tampered
	if errors.As(err, &bad) || errors.Is(err, fs.ErrNotExist) {
		return seal.Keyfile{}, &Tampered{Code: verify.CodeKeyfile, Subject: n.name(keyfilesDir), Reason: "no copy of it holds: " + err.Error()}
	}
	if err != nil {
		return seal.Keyfile{}, err
	}
	secret, err := open(k)
	if err != nil {
		return seal.Keyfile{}, fmt.Errorf("open the secret of %s of accession %s: %w", n.Class.FileName(), n.Accession, err)
	}
	secrets, err := s.trust.recipients.Wrap(n.Class, secret)
	next := *k // the cache keeps the other
	next.Rewrap(secrets, s.next())
	return next, err
}

func put(files *durable.Batch, list *seal.Rewrapping, k seal.Keyfile) error {
	sum, err := k.SecretsSum()
	if err != nil {
		return err
	}
	data, err := k.Marshal()
	if err != nil {
		return err
	}
	list.Keyfiles = append(list.Keyfiles, seal.RewrappedSecret{Accession: k.Head.Accession, Class: k.Head.Class, Secrets: sum})
	return files.Replace(keyfileID{k.Head.Accession, k.Head.Class}.name(rewrapDir), data)
}
