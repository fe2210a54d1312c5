package archive

import (
	"slices"

	"kartoteka/archive/internal/durable"
	"kartoteka/seal"
	"kartoteka/verify"
)

// Give puts recipients in force with the accession, and asks no officer.
func (s *Accession) Give(list []seal.Recipient) error { return s.putRecipients(list) }

// WrapAlso has the accession's keyfiles wrapped to somebody more than its event names.
func (s *Accession) WrapAlso(r seal.Recipient) {
	s.trust.recipients.Recipients = slices.Concat(s.trust.recipients.Recipients, []seal.Recipient{r})
}

// Recipients are the digest of those that the accession puts in force.
func (s *Accession) Recipients() seal.Digest { return s.trust.toSum }

// PutRewrapping writes a list's file, whatever it says.
func (a *Archive) PutRewrapping(list seal.Rewrapping) (sum seal.Digest, err error) {
	data, err := list.Marshal()
	if err != nil {
		return sum, err
	}
	sum = verify.Digest(data)
	return sum, durable.ReplaceFile(a.fs, rewrappingName(sum), data, filePerm)
}
