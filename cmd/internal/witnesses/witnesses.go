// Package witnesses has an archive's checkpoint cosigned by the witnesses of its policy (C2SP tlog-witness). It opens
// nothing that is sealed, and no witness's answer is believed but by the key that the policy has for it.
package witnesses

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"kartoteka/archive"
	"kartoteka/seal"
	"kartoteka/verify"
)

// Witness is one to be asked: its name, as in the policy, and the prefix under which it answers.
type Witness struct {
	Name string `yaml:"name"`
	URL  string `yaml:"url"`
}

// Mode says what a quorum that was not reached means to whoever asked for it.
type Mode string

const (
	FailClosed Mode = "fail-closed" // what needs the quorum does not go on
	FailOpen   Mode = "fail-open"   // it goes on, and says so
)

// ParseMode reads a setting. The empty one is refused: somebody must have chosen.
func ParseMode(s string) (Mode, error) {
	if m := Mode(s); m == FailClosed || m == FailOpen {
		return m, nil
	}
	return "", fmt.Errorf("%.40q is neither %s nor %s", s, FailOpen, FailClosed)
}

// Status of a witness's answer.
type Status string

const (
	Cosigned    Status = "cosigned"
	Refused     Status = "refused"     // it does not know the log or its key, or answers in no form of the protocol
	Unreachable Status = "unreachable" // no answer, or not now
	Forked      Status = "forked"      // it cosigned a log that this one does not go on from: evidence
	Ahead       Status = "ahead"       // it cosigned more events than there are here: rolled back, or a copy went on
)

// Answer is what one witness said.
type Answer struct {
	Name        string
	Status      Status
	Cosignature seal.Cosignature // when it cosigned
	Known       int64            // size it cosigned before, where it said so; -1 where it did not
	Err         error            // why not
}

// Client asks witnesses. The zero Client will do.
type Client struct {
	HTTP    *http.Client     // default: no redirects
	Now     func() time.Time // default time.Now
	Timeout time.Duration    // for each witness, all its questions; default 30 seconds
}

// Head is a checkpoint to be cosigned.
type Head struct {
	Signed []byte
	Size   int64
	Proof  func(from int64) (tlog.TreeProof, error) // that it goes on from a size; not called by two at once
	Known  func(name string) int64                  // size a witness cosigned last, as far as is known: saves a question
}

// HeadOf is the present checkpoint of an archive.
func HeadOf(a *archive.Archive) (Head, error) {
	signed, size := a.Checkpoint(), a.Head().Size
	last, err := a.LastCosigned()
	if err != nil {
		return Head{}, err
	}
	known := map[string]int64{}
	if c, err := seal.PeekCheckpoint(last); err == nil && c.Size <= size {
		if list, err := seal.Cosignatures(last, a.Policy().WitnessKeys(a.Last().Time)...); err == nil {
			for _, s := range list {
				known[s.Key.Name()] = c.Size
			}
		}
	}
	return Head{Signed: signed, Size: size, Known: func(name string) int64 { return known[name] },
		Proof: func(from int64) (tlog.TreeProof, error) { return a.ConsistencyProof(from, size) }}, nil
}

// Collect asks all witnesses at once and gives their answers in order. A name that the policy does not trust now is
// refused without being asked.
func (c Client) Collect(ctx context.Context, head Head, p *verify.Policy, list []Witness) []Answer {
	c = c.withDefaults()
	var mu sync.Mutex
	proof := head.Proof
	head.Proof = func(from int64) (tlog.TreeProof, error) {
		mu.Lock()
		defer mu.Unlock()
		return proof(from)
	}
	answers := make([]Answer, len(list))
	var wait sync.WaitGroup
	for i, w := range list {
		wait.Go(func() { answers[i] = c.ask(ctx, head, p, w) })
	}
	wait.Wait()
	return answers
}

func (c Client) withDefaults() Client {
	if c.HTTP == nil {
		c.HTTP = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Timeout == 0 {
		c.Timeout = 30 * time.Second
	}
	return c
}

func (c Client) ask(ctx context.Context, head Head, p *verify.Policy, w Witness) Answer {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	a := Answer{Name: w.Name, Known: -1}
	var key *seal.WitnessKey
	for _, k := range p.WitnessKeys(c.Now()) {
		if k.Name() == w.Name {
			key = &k
		}
	}
	if key == nil {
		a.Status, a.Err = Refused, errors.New("the policy trusts no witness of this name now")
		return a
	}
	if err := CheckURL(w.URL); err != nil {
		a.Status, a.Err = Refused, err
		return a
	}
	q := &question{c: c, head: head, url: strings.TrimSuffix(w.URL, "/") + "/add-checkpoint", key: *key, answer: a}
	q.run(ctx)
	return q.answer
}

// CheckURL says whether this can be a witness's address.
func CheckURL(s string) error {
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("%.80q is no http or https address", s)
	}
	return nil
}
