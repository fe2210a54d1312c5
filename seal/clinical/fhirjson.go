package clinical

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
)

var errNotObject = errors.New("not a JSON object")

// jsonTree builds nodes from JSON tokens. json.Decoder reads a string whole, so cutStrings stands
// before it: an attachment of any size reaches it as 32 KiB.
type jsonTree struct {
	head  *Header
	dec   *json.Decoder
	depth int
	nodes int // left to this resource
}

// readFHIRJSON reads a resource, or a Bundle entry by entry. FHIR fixes no order of members, so
// the document is known to be FHIR only when resourceType has been seen, which may be last.
func readFHIRJSON(h *Header, in *bufio.Reader, prefix []byte) {
	skipMark(in)
	raw := &io.LimitedReader{R: in, N: maxRead}
	t := &jsonTree{head: h, dec: json.NewDecoder(&cutStrings{r: raw}), nodes: maxResourceNodes}
	t.dec.UseNumber() // a number beyond float64 is not our error
	b := &bundle{head: h}
	err := t.document(b)
	if !isResourceType(b.root.str("resourceType")) {
		notFHIR(h, prefix, err)
		return
	}
	h.Format, h.MediaType = FHIR, "application/fhir+json"
	b.finish()
	switch {
	case err == nil:
	case errors.Is(err, errDepth):
		h.warn("elements nested too deeply, the rest was not read")
	case raw.N <= 0:
		h.warn("larger than 64 MiB, the rest was not read")
	default:
		h.warn("malformed or truncated JSON, the rest was not read")
	}
}

// notFHIR is for other JSON and for text that happens to begin with a brace.
func notFHIR(h *Header, prefix []byte, err error) {
	*h = Header{Format: Other, MediaType: "application/json", Warnings: h.Warnings}
	if err != nil && !errors.Is(err, errDepth) {
		*h = textOrOther("", prefix)
	}
}

// document reads the outermost object; entries go to b one at a time.
func (t *jsonTree) document(b *bundle) error {
	b.root = &node{}
	tok, err := t.token()
	if err != nil {
		return err
	}
	if tok != json.Delim('{') {
		return errNotObject
	}
	for t.dec.More() {
		name, err := t.name()
		if err != nil {
			return err
		}
		if name == "entry" {
			err = t.entries(b)
		} else {
			err = t.member(b.root, name)
		}
		if err != nil {
			return err
		}
	}
	_, err = t.token()
	return err
}

func (t *jsonTree) entries(b *bundle) error {
	tok, err := t.token()
	if err != nil || tok != json.Delim('[') {
		return err
	}
	for t.dec.More() {
		t.nodes = maxResourceNodes
		kids, err := t.value()
		for _, k := range kids {
			b.add(k, maxResourceNodes-t.nodes)
		}
		if err != nil {
			return err
		}
	}
	t.nodes = maxResourceNodes
	_, err = t.token()
	return err
}

// member reads one value of an object into n, or passes over it.
func (t *jsonTree) member(n *node, name string) error {
	if !wanted[name] {
		return t.skip()
	}
	kids, err := t.value()
	if len(kids) > 0 {
		n.add(name, kids...)
	}
	return err
}

// value reads one value: none for null, one for a scalar or object, several for an array. What
// was read before an error is returned with it.
func (t *jsonTree) value() ([]*node, error) {
	if t.nodes <= 0 {
		t.head.warn("a resource with more elements than are kept")
		return nil, t.skip()
	}
	tok, err := t.token()
	if err != nil {
		return nil, err
	}
	t.nodes--
	switch v := tok.(type) {
	case string:
		if len(v) > maxValue {
			t.head.warn("a value over 4 KiB was left out")
			return nil, nil
		}
		return []*node{{text: v}}, nil
	case json.Number:
		return []*node{{text: v.String()}}, nil
	case json.Delim:
		if v == '[' {
			return t.array()
		}
		return t.object()
	}
	return nil, nil // null, true, false
}

func (t *jsonTree) array() (all []*node, err error) {
	for t.dec.More() {
		kids, err := t.value()
		all = append(all, kids...)
		if err != nil {
			return all, err
		}
	}
	_, err = t.token()
	return all, err
}

func (t *jsonTree) object() ([]*node, error) {
	n := &node{}
	for t.dec.More() {
		name, err := t.name()
		if err == nil {
			err = t.member(n, name)
		}
		if err != nil {
			return []*node{n}, err
		}
	}
	_, err := t.token()
	return []*node{n}, err
}

func (t *jsonTree) name() (string, error) {
	tok, err := t.token()
	if err != nil {
		return "", err
	}
	name, ok := tok.(string)
	if !ok {
		return "", errNotObject
	}
	return name, nil
}

// token counts nesting: json.Decoder itself would follow a million brackets.
func (t *jsonTree) token() (json.Token, error) {
	tok, err := t.dec.Token()
	if d, ok := tok.(json.Delim); ok {
		if d == '{' || d == '[' {
			t.depth++
		} else {
			t.depth--
		}
		if t.depth > maxDepth {
			return nil, errDepth
		}
	}
	return tok, err
}

// skip passes over one value.
func (t *jsonTree) skip() error {
	for outer := t.depth; ; {
		if _, err := t.token(); err != nil || t.depth <= outer {
			return err
		}
	}
}
