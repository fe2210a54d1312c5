package archive

import (
	"errors"
	"fmt"
	"sync"

	"kartoteka/archive/internal/durable"
	"kartoteka/seal"
	"kartoteka/verify"
)

// checkKeyfile reads a keyfile and says whether it is the one that its accession's event names, with secrets that the same
// event or a key event names, and nothing missing that no executed order names. No byte of it is taken on its word.
func (a *Archive) checkKeyfile(data []byte, id seal.AccessionID, want seal.KeyfileSum, segments []seal.Segment) (*seal.Keyfile, error) {
	k, err := seal.ParseKeyfile(data)
	if err != nil {
		return nil, err
	}
	sum, err := k.Sum()
	switch {
	case err != nil:
		return nil, err
	case k.Head.Accession != id || k.Head.Class != want.Class:
		return nil, errors.New("is the keyfile of another accession or class")
	case sum.Records != want.Records || sum.Root != want.Root:
		return nil, errors.New("its headers are not those the event names")
	}
	if err := a.movedPast(k.Head.Generation); err != nil {
		return nil, err
	}
	if err := a.checkSecrets(k, sum.Secrets, want.Secrets); err != nil {
		return nil, err
	}
	for _, r := range k.Records {
		if r.Shredded() {
			if err := a.checkShredded(keyfileID{id, want.Class}, r); err != nil {
				return nil, err
			}
		} else if r.Segment > len(segments) || r.Offset+r.Length > segments[r.Segment-1].Length {
			return nil, fmt.Errorf("record %d lies outside its segment", r.N)
		}
	}
	return k, nil
}

// movedPast tells a keyfile that a writer rewrote meanwhile, under a checkpoint later than the one at hand, from one that
// claims an event which never was.
func (a *Archive) movedPast(generation seal.LeafIndex) error {
	if int64(generation) < a.Head().Size {
		return nil
	}
	signed, err := durable.ReadFile(a.fs, checkpointName, seal.MaxCheckpoint)
	if err == nil {
		if now, perr := seal.PeekCheckpoint(signed); perr == nil && int64(generation) < now.Size {
			return &verify.Error{Code: verify.CodeKeyfile, Indeterminate: true,
				Reason: fmt.Sprintf("was rewritten meanwhile, by event %d: open the archive again", generation)}
		}
	}
	return fmt.Errorf("names event %d, which is not in the log", generation)
}

// checkSecrets says whether the wrapped secrets are those that the log names: junk in their place would lock everybody out.
func (a *Archive) checkSecrets(k *seal.Keyfile, got, committed seal.Digest) error {
	if k.Head.Wrapped == nil {
		if got != committed {
			return errors.New("its secrets are not those the event names")
		}
		return nil
	}
	_, e, err := a.Event(*k.Head.Wrapped)
	if err != nil || e.Key == nil {
		return fmt.Errorf("event %d, which it names for its secrets, is no key event", *k.Head.Wrapped)
	}
	list, err := a.rewrappings.read(a, e.Key.List)
	if err != nil {
		return err
	}
	if want, ok := list.Find(k.Head.Accession, k.Head.Class); !ok || want != got {
		return fmt.Errorf("its secrets are not those of the rewrapping in event %d", *k.Head.Wrapped)
	}
	return nil
}

// checkShredded says whether the order that a shredded record names was executed and names the record.
func (a *Archive) checkShredded(k keyfileID, r seal.KeyRecord) error {
	goes, err := a.orders.records(a, *r.Order)
	if err != nil {
		return fmt.Errorf("record %d is gone, and the order it names cannot be had: %w", r.N, err)
	}
	if !goes.has(k, r.N) {
		return headerMissing(r.N)
	}
	return nil
}

func headerMissing(n int) error {
	return &verify.Error{Code: verify.CodeHeaderMissing, Reason: fmt.Sprintf("record %d is gone and no executed order names it", n)}
}

// orderCache keeps what executed orders destroyed: neighbours in time were often destroyed together.
type orderCache struct {
	mu     sync.Mutex
	orders map[seal.LeafIndex]Records
}

const cachedOrders = 16

func (c *orderCache) records(a *Archive, disposal seal.LeafIndex) (Records, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r, ok := c.orders[disposal]; ok {
		return r, nil
	}
	_, e, err := a.Event(disposal)
	if err == nil && e.Disposal == nil {
		err = fmt.Errorf("event %d is no disposal", disposal)
	}
	if err != nil {
		return nil, err
	}
	data, err := a.OrderFile(e.Disposal.Order)
	if err != nil {
		return nil, err
	}
	o, _, err := seal.ParseOrder(data) // who signed it is judged before it is carried out, and by every check
	if err != nil {
		return nil, &Tampered{Code: verify.CodeOrder, Subject: orderName(e.Disposal.Order), Reason: err.Error()}
	}
	r, err := a.destroys(o)
	if err != nil {
		return nil, err
	}
	if c.orders == nil || len(c.orders) >= cachedOrders {
		c.orders = map[seal.LeafIndex]Records{}
	}
	c.orders[disposal] = r
	return r, nil
}

func rewrappingName(d seal.Digest) string { return policyDir + "/" + d.String() + ".rewrapping.json" }

// maxRewrapping bounds a list of rewrapped keyfiles, in bytes: 30 years of nights.
const maxRewrapping = 64 << 20

// rewrappingCache keeps the list read last: every keyfile that was rewrapped asks for it.
type rewrappingCache struct {
	mu   sync.Mutex
	sum  seal.Digest
	list seal.Rewrapping
}

func (c *rewrappingCache) read(a *Archive, sum seal.Digest) (seal.Rewrapping, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sum == sum && len(c.list.Keyfiles) > 0 {
		return c.list, nil
	}
	list, err := a.rewrappingFile(sum)
	if err == nil {
		c.sum, c.list = sum, list
	}
	return list, err
}

func (a *Archive) rewrappingFile(sum seal.Digest) (seal.Rewrapping, error) {
	name := rewrappingName(sum)
	data, err := durable.ReadFile(a.fs, name, maxRewrapping)
	if err != nil {
		return seal.Rewrapping{}, &Tampered{Code: verify.CodePolicy, Subject: name, Reason: "cannot be read: " + err.Error()}
	}
	if verify.Digest(data) != sum {
		return seal.Rewrapping{}, &Tampered{Code: verify.CodePolicy, Subject: name, Reason: "is not the file the log names"}
	}
	return seal.ParseRewrapping(data)
}
