// Package certpage writes a certificate of destruction as a page for people: one file in four languages, with neither
// script nor network, for a screen, a phone and A4 paper. The page proves nothing; the certificate's file does.
package certpage

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"
	"unicode"

	"kartoteka/seal"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

// page is what the template shows.
type page struct {
	Certificate seal.Certificate
	Order       seal.Order
	Officers    []string
	Event       seal.Event
	Leaf        seal.LeafIndex
	Checkpoint  seal.Checkpoint
	Note        string // the checkpoint as it was signed
	OrderSum    seal.Digest
	Annexes     []annex
	Policy      string // content security policy: nothing but this style

	labels labels
}

// Write writes the page of a certificate that was verified: c with its order, the order's officers, its event and the
// event's number in the log.
func Write(w io.Writer, c seal.Certificate, o seal.Order, officers []string, event seal.Event, leaf seal.LeafIndex) error {
	if len(c.Bundles) != len(o.Bundles) || event.Disposal == nil {
		return fmt.Errorf("certificate's page: %d bundles for an order of %d, or no disposal", len(c.Bundles), len(o.Bundles))
	}
	proof, err := seal.ParseProof([]byte(c.Proof))
	if err != nil {
		return fmt.Errorf("certificate's page: %w", err)
	}
	checkpoint, err := seal.PeekCheckpoint(proof.Checkpoint)
	if err != nil {
		return fmt.Errorf("certificate's page: %w", err)
	}
	all, err := readLabels()
	if err != nil {
		return err
	}
	t, err := parsePage()
	if err != nil {
		return err
	}
	return t.Execute(w, &page{
		Certificate: c, Order: o, Officers: officers, Event: event, Leaf: leaf, Checkpoint: checkpoint, Note: string(proof.Checkpoint),
		OrderSum: sha256.Sum256([]byte(c.Order)), Annexes: annexes(c, o), Policy: contentPolicy(), labels: all,
	})
}

// parsePage puts the style into the template's text: its digest stands in the page's policy, so it must come out as it is.
func parsePage() (*template.Template, error) {
	text := strings.Replace(pageText, "STYLE", pageStyle, 1)
	return template.New("page").Funcs(template.FuncMap{"plain": plain}).Parse(text)
}

func contentPolicy() string {
	sum := sha256.Sum256([]byte(pageStyle))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'"
}

// plain makes a text from outside show what it says: control characters, line ends and bidirectional overrides become
// U+FFFD.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// Sections are the page's languages.
func (p *page) Sections() (list []section) {
	for _, l := range languages {
		list = append(list, section{p, l})
	}
	return list
}

// All gives a label in every language.
func (p *page) All(key string) ([]said, error) {
	var list []said
	for _, l := range languages {
		text, err := p.labels.text(key, l.Code)
		if err != nil {
			return nil, err
		}
		list = append(list, said{l.Code, text})
	}
	return list, nil
}

// said is a text and its language.
type said struct{ Lang, Text string }

// section is the page in one language.
type section struct {
	*page
	Language language
}

// T gives a label.
func (s section) T(key string) (string, error) { return s.labels.text(key, s.Language.Code) }

// Day writes a day as the language does.
func (s section) Day(d seal.Date) string { return s.Language.day(d) }

// Time writes a time as the language does, in UTC.
func (s section) Time(t seal.Time) string { return s.Language.time(t) }
