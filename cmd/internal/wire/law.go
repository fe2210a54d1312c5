package wire

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"kartoteka/cmd/internal/appraisal"
	"kartoteka/seal"
)

// Fact asks to add what is known of a patient or of each bundle. The words stay in sealed records.
type Fact struct {
	Whose   appraisal.Whose `json:"whose"`
	Facts   seal.Facts      `json:"facts"`
	Basis   string          `json:"basis"`
	Officer string          `json:"officer"`
}

// Hold asks to place a hold. Hold.Bundles is empty: Whose has them.
type Hold struct {
	Whose appraisal.Whose `json:"whose"`
	Hold  seal.Hold       `json:"hold"`
}

// HoldRelease asks to end a hold. Names and signatures stand in the log, in clear.
type HoldRelease struct {
	Hold     seal.LeafIndex          `json:"hold"`     // its event
	Log      seal.OrderLog           `json:"log"`      // the log when it was signed
	Officers []seal.OfficerSignature `json:"officers"` // by name, over [seal.HoldReleaseMessage]
}

// Step asks to note a step. Step.Bundles is empty: the daemon knows for which day each counts. Without Step.On it is
// dated today.
type Step struct {
	Step    seal.Step        `json:"step"`
	Bundles []seal.LeafIndex `json:"bundles"`
}

// Due asks for what the law says.
type Due struct {
	By    seal.Date `json:"by,omitzero"` // only bundles that are due on this day or before
	Ready bool      `json:"ready,omitempty"`
}

// Order asks for the order for bundles.
type Order struct {
	Number  string           `json:"number"`
	Days    int              `json:"days"` // beyond today, on which it may be executed
	Bundles []seal.LeafIndex `json:"bundles"`
}

// Execute asks to execute an order.
type Execute struct {
	Order string `json:"order"`           // the signed file, byte for byte
	Check bool   `json:"check,omitempty"` // only say whether it would be
}

// Certificate asks for the certificate of an executed order.
type Certificate struct {
	Event seal.LeafIndex `json:"event"` // the disposal
}

// Bounds of what one request may ask for.
const (
	maxFacts    = 1_000 // bundles: each is an event
	maxDays     = 3_660
	maxOfficers = 16
	maxSigned   = MaxLine / 2 // an order of seal.MaxOrder bundles is shorter
)

var (
	word  = regexp.MustCompile(`^[a-z0-9_]{1,64}$`)
	aDate = seal.Date{Year: 9000, Month: 1, Day: 1}
)

func whose(w appraisal.Whose, most int) error {
	switch id := w.Identifier; {
	case (id.System == "") == (len(w.Bundles) == 0) || (id.System == "") != (id.Value == ""):
		return errors.New("either an identifier or bundles must be named")
	case max(len(id.System), len(id.Value), len(id.Role), len(id.Country)) > maxText:
		return fmt.Errorf("a text has more than %d bytes", maxText)
	}
	return bundles(w.Bundles, most)
}

func bundles(list []seal.LeafIndex, most int) error {
	if len(list) > most || slices.ContainsFunc(list, func(l seal.LeafIndex) bool { return l < 0 }) {
		return fmt.Errorf("more than %d bundles are named, or a number is negative", most)
	}
	return nil
}

func officer(name string) error {
	if name == "" || len(name) > maxText {
		return fmt.Errorf("officer is missing or has more than %d bytes", maxText)
	}
	return nil
}

func (f *Fact) check() error {
	if err := whose(f.Whose, maxFacts); err != nil {
		return fmt.Errorf("fact: %w", err)
	}
	add := seal.Addition{Facts: f.Facts, Basis: f.Basis, Officer: f.Officer}
	if len(f.Whose.Bundles) > 0 {
		add.Bundle = &f.Whose.Bundles[0]
	}
	return errors.Join(officer(f.Officer), add.Validate())
}

func (h *Hold) check() error {
	if err := errors.Join(whose(h.Whose, seal.MaxActBundles), officer(h.Hold.Officer)); err != nil {
		return fmt.Errorf("hold: %w", err)
	}
	if len(h.Hold.Bundles) > 0 {
		return errors.New("hold: bundles are named twice")
	}
	placed := h.Hold
	if placed.Start.IsZero() {
		placed.Start = placed.Review // the daemon dates it
	}
	return placed.Validate()
}

func (h *HoldRelease) check() error {
	if h.Hold < 1 || h.Log.Size <= int64(h.Hold) || len(h.Officers) < 2 || len(h.Officers) > maxOfficers {
		return errors.New("hold_release: is of no event, or two officers did not sign")
	}
	for i, o := range h.Officers {
		if !word.MatchString(o.Name) || len(o.Signature) == 0 || len(o.Signature) > maxText || i > 0 && o.Name <= h.Officers[i-1].Name {
			return errors.New("hold_release: officers are not words of a-z, 0-9 and _ in their order, each once with a signature")
		}
	}
	return nil
}

func (s *Step) check() error {
	if len(s.Step.Bundles) > 0 || len(s.Bundles) == 0 {
		return errors.New("step: names no bundle")
	}
	if err := errors.Join(bundles(s.Bundles, seal.MaxActBundles), officer(s.Step.Officer)); err != nil {
		return fmt.Errorf("step: %w", err)
	}
	taken := s.Step
	taken.Bundles = []seal.StepBundle{{For: aDate}}
	if taken.On.IsZero() {
		if taken.On = taken.Until; taken.On.IsZero() {
			taken.On = aDate
		}
	}
	return taken.Validate()
}

func (d *Due) check() error { return nil }

func (o *Order) check() error {
	switch {
	case o.Number == "" || len(o.Number) > 128:
		return errors.New("order: number is missing or has more than 128 bytes")
	case o.Days < 0 || o.Days > maxDays:
		return fmt.Errorf("order: may be executed for 0 to %d days", maxDays)
	case len(o.Bundles) == 0:
		return errors.New("order: names no bundle")
	}
	return bundles(o.Bundles, seal.MaxOrder)
}

func (x *Execute) check() error {
	if x.Order == "" || len(x.Order) > maxSigned {
		return fmt.Errorf("execute: the order is missing or has more than %d bytes", maxSigned)
	}
	return nil
}

func (c *Certificate) check() error {
	if c.Event < 1 {
		return errors.New("certificate: is of no event")
	}
	return nil
}
