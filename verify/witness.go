package verify

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"kartoteka/seal"
)

// WitnessQuorum is what a policy asks of the witnesses of a checkpoint.
type WitnessQuorum struct {
	K        int        `json:"k"`                        // so many of them cosigned it
	Entities int        `json:"other_entities,omitempty"` // and they belong to so many legal entities other than the archive's own
	From     *seal.Time `json:"from,omitempty"`           // checkpoints before are not asked
}

// Cosigner is a witness of the policy that cosigned a checkpoint.
type Cosigner struct {
	Name   string
	Entity string
	At     seal.Time // as the witness says
}

// witness is a line of the policy, read.
type witness struct {
	LogKey
	key seal.WitnessKey
}

// readWitnesses leaves out a line that does not parse: ParsePolicy lets none through.
func (p *Policy) readWitnesses() (list []witness) {
	for _, w := range p.Witnesses {
		if key, err := seal.ParseWitnessKey(w.Key); err == nil {
			list = append(list, witness{w, key})
		}
	}
	return list
}

// checkWitnesses sees to it that each counts once: one key under two names would be two, and the log's own key none.
func (p *Policy) checkWitnesses() error {
	var own []seal.WitnessKey
	for _, k := range p.LogKeys {
		if key, err := seal.ParseWitnessKey(k.Key); err == nil {
			own = append(own, key)
		}
	}
	for _, w := range p.Witnesses {
		key, err := seal.ParseWitnessKey(w.Key)
		switch {
		case err != nil:
			return err
		case w.From != nil && w.Until != nil && !w.From.Before(w.Until.Time):
			return fmt.Errorf("witness %s: until is not after from", key.Name())
		case slices.ContainsFunc(own, key.Equal):
			return fmt.Errorf("witness %s: has the log's own key", key.Name())
		}
		for _, other := range p.readWitnesses() {
			if key.Equal(other.key) && key.Name() != other.key.Name() {
				return fmt.Errorf("witnesses %s and %s have one key", key.Name(), other.key.Name())
			}
			if key.Name() == other.key.Name() && w.Entity != other.Entity {
				return fmt.Errorf("witness %s: belongs to two entities", key.Name())
			}
		}
	}
	return p.checkQuorum()
}

func (p *Policy) checkQuorum() error {
	if p.WitnessQuorum == nil {
		return nil
	}
	var names, entities []string
	for _, w := range p.readWitnesses() {
		names, entities = append(names, w.key.Name()), append(entities, w.Entity)
	}
	q := *p.WitnessQuorum
	if q.K < 1 || q.Entities < 0 || q.K > distinct(names) || q.Entities > distinct(entities) || q.Entities > q.K {
		return errors.New("witness quorum: asks for more than the witnesses there are, or for none")
	}
	return nil
}

// distinct counts the names that are not empty, each once.
func distinct(names []string) (n int) {
	seen := map[string]bool{"": true}
	for _, s := range names {
		if !seen[s] {
			n++
		}
		seen[s] = true
	}
	return n
}

// WitnessKeys gives the keys of the witnesses trusted at a time.
func (p *Policy) WitnessKeys(at time.Time) (keys []seal.WitnessKey) {
	for _, w := range p.readWitnesses() {
		if within(at, w.From, w.Until) {
			keys = append(keys, w.key)
		}
	}
	return keys
}

// Cosigners gives the witnesses of the policy that cosigned a checkpoint while they were trusted, each once, as known at a
// time: what says that it was signed later did not exist then. Whether the log signed it is Checkpoint's to judge.
func (p *Policy) Cosigners(signed []byte, at time.Time) (list []Cosigner, err error) {
	var keys []seal.WitnessKey
	for _, w := range p.readWitnesses() {
		keys = append(keys, w.key)
	}
	found, err := seal.Cosignatures(signed, keys...)
	if err != nil {
		return nil, failed(CodeWitness, "%w", err)
	}
	for _, c := range found {
		for _, w := range p.readWitnesses() {
			seen := slices.ContainsFunc(list, func(l Cosigner) bool { return l.Name == w.key.Name() })
			if !seen && w.key.String() == c.Key.String() && within(c.At.Time, w.From, w.Until) && !c.At.After(at) {
				list = append(list, Cosigner{w.key.Name(), w.Entity, c.At})
			}
		}
	}
	return list, nil
}

// Witnessed judges, where the policy has witnesses, how many cosigned a checkpoint that was made at a time. Without a
// quorum it only counts. Too few are no forgery: indeterminate.
func (p *Policy) Witnessed(r *Report, subject string, signed []byte, made, at time.Time) {
	if len(p.Witnesses) == 0 {
		return
	}
	list, err := p.Cosigners(signed, at)
	if err != nil {
		r.Result(CodeWitness, subject, err)
		return
	}
	r.Count("cosigners", len(list))
	v := Passed
	if !p.WitnessQuorum.reached(list, made) {
		v = Indeterminate
	}
	r.Add(CodeWitness, v, subject, p.counted(list, made))
}

// Quorum says whether these cosigners are as many as the policy asks of a checkpoint made at a time.
func (p *Policy) Quorum(list []Cosigner, made time.Time) bool {
	return p.WitnessQuorum.reached(list, made)
}

func (q *WitnessQuorum) reached(list []Cosigner, made time.Time) bool {
	if q == nil || !within(made, q.From, nil) {
		return true
	}
	var entities []string
	for _, c := range list {
		entities = append(entities, c.Entity)
	}
	return len(list) >= q.K && distinct(entities) >= q.Entities
}

func (p *Policy) counted(list []Cosigner, made time.Time) string {
	var who []string
	for _, c := range list {
		name := c.Name
		if c.Entity != "" {
			name += " (" + c.Entity + ")"
		}
		who = append(who, name+" at "+c.At.String())
	}
	text := fmt.Sprintf("cosigned by %d", len(list))
	if len(who) > 0 {
		text += ": " + strings.Join(who, ", ")
	}
	if q := p.WitnessQuorum; q != nil && within(made, q.From, nil) {
		text += fmt.Sprintf("; the policy asks for %d", q.K)
		if q.Entities > 0 {
			text += fmt.Sprintf(" of at least %d other legal entities", q.Entities)
		}
	}
	return text
}
