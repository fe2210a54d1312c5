package cli

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"kartoteka/seal"
)

// order is a disposal order, signed or still to be signed.
func (i *inspection) order(data []byte) error {
	i.is("order", seal.SpecOrder)
	o, signed, err := seal.ParseOrder(data)
	if err != nil {
		return err
	}
	i.fact("sha256", "%x", sha256.Sum256(data))
	i.ordered(o)
	i.signatures(signed)
	i.Sealed = "whether the signatures hold and the order was executed; whose records they are is in no order"
	return nil
}

func (i *inspection) ordered(o seal.Order) {
	i.fact("number", "%s", o.Number)
	i.fact("origin", "%s", o.Origin)
	i.fact("made", "%s, valid until %s", o.Made, o.Until)
	i.fact("log", "%d events then", o.Log.Size)
	bundles := make([]int, len(o.Rules))
	for _, b := range o.Bundles {
		bundles[b.Rule]++
	}
	for n, r := range o.Rules {
		i.fact("rule", "%s (%s), %d bundles", r.ID, r.Citation, bundles[n])
	}
	i.fact("bundles", "%d", len(o.Bundles))
	i.fact("documents", "%d", o.Documents())
	i.fact("acts", "%d", len(o.Acts))
	i.fact("releases", "%d, which no order reaches", len(o.Released))
}

func (i *inspection) signatures(s seal.Signed) {
	for _, sig := range s.Signatures {
		i.fact("signed by", "%s, as it says", sig.KeyID)
	}
	if len(s.Signatures) == 0 {
		i.fact("signed by", "nobody yet")
	}
}

// certificate is a certificate of destruction with its order and its event.
func (i *inspection) certificate(data []byte) error {
	i.is("certificate", seal.SpecCertificate)
	i.Sealed = "whether it is true (verify certificate)"
	c, signed, err := seal.ParseCertificate(data)
	if err != nil {
		return err
	}
	i.fact("controller", "%s, %s", c.Controller.Name, c.Controller.Country)
	i.fact("system", "%s %s", c.System.Name, c.System.Version)
	i.fact("issued", "%s", c.Issued)
	i.signatures(signed)
	if err := i.disposal(c); err != nil {
		return err
	}
	i.fact("keyfiles", "%d rewritten", len(c.Keyfiles))
	i.fact("segments", "%d deleted", len(c.Segments))
	for _, x := range c.Copies {
		where := x.Where
		if x.Event != nil {
			where = fmt.Sprintf("event %d", *x.Event)
		}
		i.fact("copy", "%s: %s", strings.TrimSpace(string(x.Kind)+" "+where), x.State)
	}
	return nil
}

// disposal states the order that a certificate carries, the event and the checkpoint it stands under.
func (i *inspection) disposal(c seal.Certificate) error {
	event, err := seal.ParseEvent([]byte(c.Event))
	if err == nil && event.Disposal == nil {
		err = errors.New("its event is no disposal")
	}
	if err != nil {
		return err
	}
	proof, err := seal.ParseProof([]byte(c.Proof))
	if err != nil {
		return err
	}
	o, signed, err := seal.ParseOrder([]byte(c.Order))
	if err != nil {
		return err
	}
	i.fact("destroyed", "%s, event %d", event.Time, proof.Index)
	i.ordered(o)
	for _, sig := range signed.Signatures {
		i.fact("ordered by", "%s, as the order says", sig.KeyID)
	}
	return nil
}
