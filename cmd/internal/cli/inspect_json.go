package cli

import (
	"encoding/json"
	"errors"
	"regexp"

	"kartoteka/archive"
	"kartoteka/seal"
	"kartoteka/verify"
)

// json tells our JSON files apart by their schema.
func (i *inspection) json(data []byte) error {
	schema := claimed(data)
	i.Sealed = unverified
	switch schema {
	case seal.SpecArchive:
		return i.spec(data)
	case seal.SpecEvent:
		return i.event(data)
	case seal.SpecReceipt:
		return i.receipt(data)
	case seal.SpecPolicy:
		return i.policy(data)
	case seal.SpecRecipients:
		return i.recipients(data)
	case seal.SpecPacket:
		return i.packetHead(data)
	case verify.SpecReport:
		return i.report(data)
	case seal.EnvelopeType:
		return i.envelope(data)
	case seal.StatementType:
		return i.statement(data)
	case seal.OrderType:
		return i.order(data)
	case seal.CertificateType:
		return i.certificate(data)
	}
	if done, err := i.inner(schema, data); done {
		return err
	}
	if regexp.MustCompile(`^kartoteka/[a-z-]+/\d+$`).MatchString(schema) {
		i.is("kartoteka file", schema)
		return errors.New("of a kind or version this program does not know")
	}
	return errNotOurs
}

// inner are kinds that stand in packets and records.
func (i *inspection) inner(schema string, data []byte) (done bool, err error) {
	switch schema {
	case seal.SpecOpenings:
		i.is("openings", schema)
		o, err := seal.ParseOpenings(data)
		i.fact("openings", "%d", len(o.Openings))
		return true, err
	case seal.SpecRelease:
		i.is("release", schema)
		_, err := seal.ParseRelease(data)
		return true, err
	case seal.SpecCapsule:
		i.is("capsule", schema)
		c, err := seal.ParseCapsule(data)
		i.fact("documents", "%d", max(0, len(c.Items)-1))
		i.Sealed = "its digests and seeds: they are not shown, and belong sealed"
		return true, err
	case seal.SpecEntry:
		i.is("index entry", schema)
		en, err := seal.ParseEntry(data)
		i.fact("event", "%d", en.Leaf)
		return true, err
	case "kartoteka/private/1":
		i.is("secret keys", schema)
		i.Sealed = "the keys: they are not shown. Whoever has this file has the archive's keys"
		return true, nil
	}
	return false, nil
}

// claimed is what a JSON file says it is, whether or not the rest of it parses.
func claimed(data []byte) string {
	var first struct {
		Schema    string `json:"schema"`
		MediaType string `json:"mediaType"`
		Type      string `json:"_type"`
		Payload   string `json:"payloadType"` // of a file that people sign
	}
	if json.Unmarshal(data, &first) == nil {
		for _, s := range []string{first.Schema, first.MediaType, first.Type, first.Payload} {
			if s != "" {
				return s
			}
		}
		return ""
	}
	m := regexp.MustCompile(`^\s*\{\s*"(?:schema|mediaType|_type)"\s*:\s*"([^"\\]{1,100})"`).FindSubmatch(data[:min(len(data), 512)])
	if m == nil { // the payload stands before its type
		m = regexp.MustCompile(`"payloadType"\s*:\s*"(application/vnd\.kartoteka\.[a-z]{1,40}\+json)"`).FindSubmatch(data)
	}
	if m == nil {
		return ""
	}
	return string(m[1])
}

func (i *inspection) spec(data []byte) error {
	i.is("archive.json", seal.SpecArchive)
	var s archive.Spec
	if err := seal.UnmarshalStrict(data, &s); err != nil {
		return err
	}
	i.fact("archive", "%s", s.Origin)
	i.fact("controller", "%s, %s", s.Controller.Name, s.Controller.Country)
	i.fact("created", "%s", s.Created)
	i.fact("time zone", "%s", s.TimeZone)
	return nil
}

func (i *inspection) event(data []byte) error {
	i.is("event", seal.SpecEvent)
	e, err := seal.ParseEvent(data)
	if err != nil && !errors.Is(err, seal.ErrUnknownKind) {
		return err
	}
	i.fact("event of", "%s", e.Kind)
	i.fact("accession", "%s", e.Accession)
	i.fact("time", "%s", e.Time)
	if b := e.Bundle; b != nil {
		i.fact("bundle", "%s (SHA-256 of its id)", b.ID)
		i.fact("documents", "%d", b.Commitment.Count)
	}
	if d := e.Disposal; d != nil {
		i.fact("order", "sha256 %s", d.Order)
		i.fact("destroyed", "%d bundles, %d documents", d.Bundles, d.Documents)
	}
	if err != nil {
		i.fact("body", "of a kind this version does not know")
	}
	return nil
}

func (i *inspection) receipt(data []byte) error {
	i.is("receipt", seal.SpecReceipt)
	r, err := seal.ParseReceipt(data)
	if err != nil {
		return err
	}
	p, err := seal.ParseProof([]byte(r.Proof))
	if err != nil {
		return err
	}
	if err := i.event([]byte(r.Event)); err != nil {
		return err
	}
	i.is("receipt", seal.SpecReceipt)
	i.fact("envelope", "sha256 %s", r.Opening.SHA256)
	i.fact("event", "%d", p.Index)
	i.Sealed = "whether it holds: `verify log --since` with this file, or any tlog-proof verifier"
	return i.under(p.Checkpoint)
}

func (i *inspection) policy(data []byte) error {
	i.is("policy", seal.SpecPolicy)
	p, err := verify.ParsePolicy(data)
	if err != nil {
		return err
	}
	i.fact("sha256", "%s", verify.Digest(data))
	i.fact("origin", "%s", p.Origin)
	for _, k := range p.LogKeys {
		i.fact("log key", "%s", k.Key)
	}
	for _, pr := range p.Producers {
		until := ""
		if pr.Until != nil {
			until = ", until " + pr.Until.String()
		}
		i.fact("producer", "%s%s", pr.Name, until)
	}
	i.Sealed = "whether it is the policy you know: compare its sha256 with what you pinned"
	return nil
}

func (i *inspection) recipients(data []byte) error {
	i.is("recipients", seal.SpecRecipients)
	r, err := seal.ParseRecipients(data)
	if err != nil {
		return err
	}
	for _, x := range r.Recipients {
		i.fact(x.Role, "%s (%s)", x.Name, seal.Fingerprint(x.Age))
	}
	return nil
}

func (i *inspection) packetHead(data []byte) error {
	i.is("packet head", seal.SpecPacket)
	p, err := seal.ParsePacket(data)
	if err != nil {
		return err
	}
	documents := 0
	for _, b := range p.Bundles {
		documents += len(b.Documents)
	}
	i.fact("origin", "%s", p.Origin)
	i.fact("made", "%s", p.Made)
	i.fact("release", "event %d", p.Release)
	i.fact("bundles", "%d", len(p.Bundles))
	i.fact("documents", "%d; %d of the patient's are not in it", documents, p.LeftOut)
	return nil
}

func (i *inspection) report(data []byte) error {
	i.is("report", verify.SpecReport)
	var r verify.Report
	if err := seal.UnmarshalStrict(data, &r); err != nil {
		return err
	}
	i.fact("verdict", "%s", r.Verdict)
	i.fact("checks", "%d", len(r.Checks))
	return nil
}

func (i *inspection) envelope(data []byte) error {
	i.is("envelope", seal.EnvelopeType)
	e, err := seal.ParseEnvelope(data)
	if err != nil {
		return err
	}
	i.fact("payload", "%s, %d bytes", e.PayloadType, len(e.Payload))
	if e.Hint != "" {
		i.fact("signer", "key with hint %s", e.Hint)
	} else {
		i.fact("signer", "certificate of %d bytes", len(e.Certificate))
	}
	err = i.statement(e.Payload)
	i.is("envelope", seal.EnvelopeType)
	return err
}

func (i *inspection) statement(data []byte) error {
	i.is("statement", seal.StatementType)
	s, err := seal.ParseStatement(data)
	if err != nil {
		return err
	}
	i.fact("bundle id", "%s", s.Predicate.Bundle.ID)
	i.fact("producer", "%s %s", s.Predicate.Producer.System, s.Predicate.Producer.Version)
	i.fact("created", "%s", s.Predicate.Created)
	i.fact("documents", "%d", len(s.Subject))
	return nil
}
