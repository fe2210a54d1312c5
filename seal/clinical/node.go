package clinical

import "strings"

// node is a FHIR element, the same from JSON and XML: a value or named children, a repeated child
// being several of one name. Only the names in wanted are kept. All methods accept nil.
type node struct {
	text string
	kids map[string][]*node
}

func (n *node) add(name string, kids ...*node) {
	if n.kids == nil {
		n.kids = make(map[string][]*node)
	}
	n.kids[name] = append(n.kids[name], kids...)
}

func (n *node) all(name string) []*node {
	if n == nil {
		return nil
	}
	return n.kids[name]
}

// at follows the first child of each name.
func (n *node) at(path ...string) *node {
	for _, name := range path {
		kids := n.all(name)
		if len(kids) == 0 {
			return nil
		}
		n = kids[0]
	}
	return n
}

func (n *node) str(path ...string) string {
	if n = n.at(path...); n == nil {
		return ""
	}
	return tidy(n.text)
}

// strs are the values of a repeated child.
func (n *node) strs(name string) []string {
	var out []string
	for _, k := range n.all(name) {
		if s := tidy(k.text); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// Budgets in nodes: what one resource and what all kept resources may hold.
const (
	maxResourceNodes = 10_000
	maxKeptNodes     = 100_000
)

// wanted are the FHIR names that say something about a document as a whole. Narrative, sections,
// results and attachment data are not among them and are passed over unread.
var wanted = words(`
	resourceType id identifier masterIdentifier system value type coding code text title description
	date issued created author performer display reference name family given gender birthDate
	language confidentiality relatesTo targetIdentifier targetReference target resourceReference
	encounter context period start end effectiveDateTime effectivePeriod timestamp securityLabel meta security
	version category subject contained practitioner fullUrl resource`)

func words(s string) map[string]bool {
	m := make(map[string]bool)
	for _, w := range strings.Fields(s) {
		m[w] = true
	}
	return m
}

// isResourceType holds for the form of a FHIR resource type: one capitalised ASCII word.
func isResourceType(s string) bool {
	if len(s) < 3 || len(s) > 64 || s[0] < 'A' || s[0] > 'Z' {
		return false
	}
	for _, c := range s {
		if c|0x20 < 'a' || c|0x20 > 'z' {
			return false
		}
	}
	return true
}
