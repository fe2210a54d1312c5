// Package stamper gets time-stamp tokens from authorities (TSAs) over RFC 3161. It knows nothing of the archive: it is
// given a hash and gives back a token that has been judged.
package stamper

import (
	"context"
	"crypto"
)

// Stamper is one TSA.
//
// Stamp gives a token over the imprint, which is not hashed again. The token is DER, carries the certificates between
// its signer and the anchor, and passed [kartoteka/verify.Policy.Stamp] under this TSA's anchor before it was returned;
// it answers this very call (a nonce shows it), so two calls give two tokens, and its genTime is now, within a few
// minutes. It is never changed after it was returned. Anything else is an error, and then there is no token. Stamp
// waits no longer than ctx allows and may be called by several goroutines at once. It neither logs nor retries: the
// caller knows the night's schedule, and other TSAs.
//
// Name is the TSA's name in the policy.
//
// Package stampertest tests every implementation.
type Stamper interface {
	Name() string
	Stamp(ctx context.Context, alg crypto.Hash, imprint []byte) (token []byte, err error)
}
