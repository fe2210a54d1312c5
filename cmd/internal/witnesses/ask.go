package witnesses

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"kartoteka/seal"
)

const (
	// maxAnswer bounds what a witness may answer, in bytes.
	maxAnswer = 64 << 10
	// maxQuestions bounds how often one is asked: first with the size we know, then with the one it names, and again
	// while others have it cosign meanwhile.
	maxQuestions = 4
	// ClockAhead is by how much a witness's clock may go before ours.
	ClockAhead = 5 * time.Minute
)

// question is one witness being asked.
type question struct {
	c      Client
	head   Head
	url    string
	key    seal.WitnessKey
	answer Answer
}

func (q *question) ends(s Status, format string, args ...any) {
	q.answer.Status, q.answer.Err = s, fmt.Errorf(format, args...)
}

// run asks with the size last known; a conflict names the right one.
func (q *question) run(ctx context.Context) {
	old := q.head.Known(q.key.Name())
	for range maxQuestions {
		status, body, err := q.post(ctx, old)
		if err != nil {
			q.ends(Unreachable, "%w", err)
			return
		}
		if status != http.StatusConflict {
			q.take(status, body, old)
			return
		}
		known, err := strconv.ParseInt(strings.TrimSuffix(string(body), "\n"), 10, 64)
		switch {
		case err != nil || known < 0:
			q.ends(Refused, "its conflict names no size: %.40q", body)
			return
		case known > q.head.Size:
			q.answer.Known = known
			q.ends(Ahead, "it cosigned %d events, this log has %d: it was rolled back, or another copy of it went on", known, q.head.Size)
			return
		case known == old && known == q.head.Size:
			q.answer.Known = known
			q.ends(Forked, "it cosigned another log of %d events", known)
			return
		}
		old, q.answer.Known = known, known
	}
	q.ends(Unreachable, "others kept it busy: asked %d times", maxQuestions)
}

func (q *question) post(ctx context.Context, old int64) (status int, body []byte, err error) {
	proof, err := q.head.Proof(old)
	if err != nil {
		return 0, nil, fmt.Errorf("the proof from %d events: %w", old, err)
	}
	r := seal.AddCheckpoint{Old: old, Checkpoint: q.head.Signed}
	if old != q.head.Size {
		r.Proof = proof
	}
	in, err := http.NewRequestWithContext(ctx, http.MethodPost, q.url, bytes.NewReader(r.Marshal()))
	if err != nil {
		return 0, nil, err
	}
	out, err := q.c.HTTP.Do(in)
	if err != nil {
		return 0, nil, err
	}
	defer out.Body.Close()
	body, err = io.ReadAll(io.LimitReader(out.Body, maxAnswer+1))
	if err == nil && len(body) > maxAnswer {
		err = fmt.Errorf("the answer has more than %d bytes", maxAnswer)
	}
	return out.StatusCode, body, err
}

// take judges any answer but a conflict.
func (q *question) take(status int, body []byte, old int64) {
	switch {
	case status == http.StatusOK:
		if err := q.cosigned(body); err != nil {
			q.ends(Refused, "%w", err)
		}
	case status == http.StatusUnprocessableEntity:
		q.answer.Known = old
		q.ends(Forked, "this log does not go on from the %d events it cosigned: %.200q", old, body)
	case status >= 500 || status == http.StatusTooManyRequests:
		q.ends(Unreachable, "it answers %d: %.200q", status, body)
	default:
		q.ends(Refused, "it answers %d: %.200q", status, body)
	}
}

// cosigned takes the line of the witness's key; lines of keys that nobody asked for are ignored.
func (q *question) cosigned(body []byte) error {
	list, err := seal.Cosignatures(append(bytes.Clone(q.head.Signed), body...), q.key)
	switch {
	case err != nil:
		return fmt.Errorf("its answer does not hold: %w", err)
	case len(list) != 1:
		return errors.New("its answer has no cosignature of the key in the policy")
	case list[0].At.After(q.c.Now().Add(ClockAhead)):
		return fmt.Errorf("its clock is ahead: it says %s", list[0].At)
	}
	q.answer.Status, q.answer.Cosignature = Cosigned, list[0]
	return nil
}
