package archive

import (
	"fmt"
	"slices"
	"strings"

	"kartoteka/seal"
	"kartoteka/verify"
)

// recipients reads to whom each accession was wrapped.
func (c *check) recipients() {
	c.lists, c.to = map[seal.Digest]seal.Recipients{}, map[seal.AccessionID]seal.Digest{}
	for _, in := range c.intakes {
		sum := in.Files.To
		c.to[in.ID] = sum
		if _, known := c.lists[sum]; known {
			continue
		}
		data, err := c.a.readNamed(recipientsName(sum), sum)
		if err != nil {
			continue // named by policies() already
		}
		r, err := seal.ParseRecipients(data)
		if err != nil {
			c.r.Fail(verify.CodePolicy, recipientsName(sum), err.Error())
			continue
		}
		c.lists[sum] = r
	}
}

// rewrapping takes up which secrets a key event named, and for whom. That two officers signed it the log has shown.
func (c *check) rewrapping(r rewrapped) {
	var by []string
	for _, o := range r.Officers {
		by = append(by, o.Name)
	}
	c.r.Pass(verify.CodePolicy, fmt.Sprintf("event %d", r.leaf),
		fmt.Sprintf("keyfiles were wrapped to other people in event %d, signed by %s", r.leaf, strings.Join(by, " and ")))
	if r.Keyfiles == 0 {
		return
	}
	list, err := c.a.rewrappingFile(r.List)
	if err != nil { // named by policies() already
		return
	}
	if len(list.Keyfiles) != r.Keyfiles {
		c.r.Fail(verify.CodePolicy, rewrappingName(r.List), "names another number of keyfiles than its event")
	}
	for _, k := range list.Keyfiles {
		e := c.expect(keyfileID{k.Accession, k.Class})
		e.wrapped, e.to = r.leaf, r.To
	}
}

// wrappedTo says whether a keyfile's secrets are for the recipients in force when they were named, and for nobody else.
func (c *check) wrappedTo(k *seal.Keyfile, e *expected) error {
	sum := c.to[k.Head.Accession]
	if e.wrapped > 0 {
		sum = e.to
	}
	list, ok := c.lists[sum]
	if !ok { // named already
		return nil
	}
	var want, got []string
	for _, r := range list.For(k.Head.Class) {
		want = append(want, seal.Fingerprint(r.Age))
	}
	for _, s := range k.Secrets {
		got = append(got, s.To)
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("its secrets are wrapped to %s, the recipients in force were %s", strings.Join(got, ", "), strings.Join(want, ", "))
	}
	return nil
}
