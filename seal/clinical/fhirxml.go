package clinical

import "encoding/xml"

// xmlTree builds the nodes of FHIR XML, where a value is the attribute "value", a repeated element
// is a list and a resource is wrapped: <resource><Patient>…</Patient></resource>.
type xmlTree struct {
	head  *Header
	x     *xmlTokens
	nodes int
}

func readFHIRXML(h *Header, x *xmlTokens, root xml.StartElement) error {
	t := &xmlTree{head: h, x: x, nodes: maxResourceNodes}
	b := &bundle{head: h, root: &node{}}
	b.root.add("resourceType", &node{text: root.Name.Local})
	err := t.children(b.root, func(e xml.StartElement) (bool, error) {
		if e.Name.Local != "entry" || root.Name.Local != "Bundle" {
			return false, nil
		}
		t.nodes = maxResourceNodes
		entry, err := t.element(e)
		b.add(entry, maxResourceNodes-t.nodes)
		t.nodes = maxResourceNodes
		return true, err
	})
	b.finish()
	return err
}

// element reads the element just begun. What was read before an error is returned with it.
func (t *xmlTree) element(e xml.StartElement) (*node, error) {
	t.nodes--
	n := &node{text: attribute(t.head, e, "value")}
	if e.Name.Local != "resource" && e.Name.Local != "contained" {
		return n, t.children(n, nil)
	}
	inner := n
	err := t.children(n, func(e xml.StartElement) (bool, error) {
		if !isResourceType(e.Name.Local) {
			return false, nil
		}
		kid, err := t.element(e)
		kid.add("resourceType", &node{text: e.Name.Local})
		inner = kid
		return true, err
	})
	return inner, err
}

// children reads to the end of the open element; take may read a child itself.
func (t *xmlTree) children(n *node, take func(xml.StartElement) (bool, error)) error {
	for {
		tok, err := t.x.next()
		if err != nil {
			return err
		}
		switch e := tok.(type) {
		case xml.EndElement:
			return nil
		case xml.StartElement:
			if err := t.child(n, e, take); err != nil {
				return err
			}
		}
	}
}

func (t *xmlTree) child(n *node, e xml.StartElement, take func(xml.StartElement) (bool, error)) error {
	if e.Name.Space != fhirSpace {
		return t.x.skip() // narrative is XHTML
	}
	if take != nil {
		if taken, err := take(e); taken || err != nil {
			return err
		}
	}
	if !wanted[e.Name.Local] {
		return t.x.skip()
	}
	if t.nodes <= 0 {
		t.head.warn("a resource with more elements than are kept")
		return t.x.skip()
	}
	kid, err := t.element(e)
	n.add(e.Name.Local, kid)
	return err
}
