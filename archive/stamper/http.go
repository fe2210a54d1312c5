package stamper

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math/big"
	"mime"
	"net/http"
	"time"

	"kartoteka/seal"
	"kartoteka/verify"
)

// HTTP speaks RFC 3161 §3.4 with a server.
type HTTP struct {
	URL     string         // of the service
	TSA     string         // its name in the policy
	Trust   *verify.Policy // the pinned policy; of it, this TSA's anchor alone is used
	Profile string         // policy that is asked for, an object identifier in dots; empty: the TSA's own choice

	User, Password string // for basic authentication
	HeaderFile     string // instead: a file of one header line, "Authorization: Bearer …", read at every call

	Timeout time.Duration // of one call, with all it fetches; 0: 30 seconds
	Skew    time.Duration // how far genTime may be from now; 0: 5 minutes

	NoStatus bool         // fetch no OCSP responses and CRLs
	Client   *http.Client // nil: one without proxy, cookies and foreign redirects

	Now  func() time.Time  // nil: time.Now
	Note func(text string) // hears what is no failure but worth a line in the log; may be nil
}

const (
	defaultTimeout = 30 * time.Second
	defaultSkew    = 5 * time.Minute
)

// Name is the TSA's name in the policy.
func (h *HTTP) Name() string { return h.TSA }

// Stamp asks for a token and judges it.
func (h *HTTP) Stamp(ctx context.Context, alg crypto.Hash, imprint []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, positive(h.Timeout, defaultTimeout))
	defer cancel()
	token, err := h.stamp(ctx, alg, imprint)
	if err != nil {
		return nil, fmt.Errorf("stamp by %s: %w", h.TSA, err)
	}
	return token, nil
}

func (h *HTTP) stamp(ctx context.Context, alg crypto.Hash, imprint []byte) ([]byte, error) {
	trust, err := h.trust()
	if err != nil {
		return nil, err
	}
	q, err := h.request(alg, imprint)
	if err != nil {
		return nil, err
	}
	answer, err := h.ask(ctx, q)
	if err != nil {
		return nil, err
	}
	token, stamp, err := h.accept(trust, q, answer)
	if err != nil {
		return nil, err
	}
	return h.complete(ctx, trust, q, token, stamp)
}

// trust is the policy with this TSA alone: a token of another one, though trusted too, is not what was asked for.
func (h *HTTP) trust() (*verify.Policy, error) {
	p := &verify.Policy{}
	for _, a := range h.Trust.TSAs {
		if a.Name == h.TSA {
			p.TSAs = append(p.TSAs, a)
		}
	}
	if len(p.TSAs) == 0 {
		return nil, errors.New("the policy has no TSA of this name")
	}
	return p, nil
}

// request has a nonce of 64 bits, as openssl's and all known servers take it.
func (h *HTTP) request(alg crypto.Hash, imprint []byte) (seal.StampRequest, error) {
	nonce, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 63))
	return seal.StampRequest{Hash: alg, Imprint: imprint, Policy: h.Profile, Nonce: nonce}, err
}

// ask posts the request and reads the answer, which must be of the right type, of bounded size, and granted.
func (h *HTTP) ask(ctx context.Context, q seal.StampRequest) (seal.StampResponse, error) {
	body, err := q.Marshal()
	if err != nil {
		return seal.StampResponse{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, bytes.NewReader(body))
	if err != nil {
		return seal.StampResponse{}, err
	}
	req.Header.Set("Content-Type", seal.StampQueryType)
	req.Header.Set("Accept", seal.StampReplyType)
	if err := h.authorize(req); err != nil {
		return seal.StampResponse{}, err
	}
	data, err := fetch(h.client(), req, seal.StampReplyType, seal.MaxStampResponse)
	if err != nil {
		return seal.StampResponse{}, err
	}
	r, err := seal.ParseStampResponse(data)
	if err == nil && !r.Granted() {
		err = fmt.Errorf("the server says %s", r)
	}
	return r, err
}

// fetch gives the body of an answer of status 200, at most limit bytes of it and no less than all.
func fetch(c *http.Client, req *http.Request, mediaType string, limit int64) ([]byte, error) {
	resp, err := c.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the server answers with status %d", resp.StatusCode)
	}
	if got, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); mediaType != "" && got != mediaType {
		return nil, fmt.Errorf("the server answers with content of type %.60q, not %s", got, mediaType)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("the answer has more than %d bytes", limit)
	}
	return data, nil
}

// accept makes DER of the token, once, and judges it against the request, the clock and the policy.
func (h *HTTP) accept(trust *verify.Policy, q seal.StampRequest, r seal.StampResponse) ([]byte, verify.Stamp, error) {
	token, err := seal.NormalizeStamp(r.Token)
	if err != nil {
		return nil, verify.Stamp{}, err
	}
	t, err := seal.ParseStampToken(token)
	if err != nil {
		return nil, verify.Stamp{}, err
	}
	switch off := t.Info.Time.Sub(h.now()); {
	case t.Info.Nonce == nil || t.Info.Nonce.Cmp(q.Nonce) != 0:
		return nil, verify.Stamp{}, errors.New("the token does not carry the nonce that was sent")
	case q.Policy != "" && t.Info.Policy != q.Policy:
		return nil, verify.Stamp{}, fmt.Errorf("the token is of policy %s, not %s", t.Info.Policy, q.Policy)
	case off.Abs() > positive(h.Skew, defaultSkew):
		return nil, verify.Stamp{}, fmt.Errorf("the token's time is off by %s", off.Round(time.Second))
	}
	stamp, err := h.judge(trust, q, token, t.Info.Time)
	return token, stamp, err
}

// judge is at the clock's time; where that is behind the token's, within what is allowed, at the token's: ours is then
// the wrong one of the two.
func (h *HTTP) judge(trust *verify.Policy, q seal.StampRequest, token []byte, genTime time.Time) (verify.Stamp, error) {
	at := h.now()
	if at.Before(genTime) {
		at = genTime
	}
	return trust.Stamp(token, q.Hash, q.Imprint, at)
}

func (h *HTTP) now() time.Time {
	if h.Now != nil {
		return h.Now()
	}
	return time.Now()
}

func (h *HTTP) note(format string, args ...any) {
	if h.Note != nil {
		h.Note(fmt.Sprintf("stamp by %s: ", h.TSA) + fmt.Sprintf(format, args...))
	}
}

func positive(d, otherwise time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return otherwise
}
