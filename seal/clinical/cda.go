package clinical

import (
	"encoding/xml"
	"strings"

	"kartoteka/seal/patient"
)

// cdaReader reads the header of a ClinicalDocument (HL7 CDA R2, ANSI/HL7 CDA R2-2005, clause 4.2)
// from a token stream. It knows elements by their path below the root, in CDA's own namespace only:
// sdtc: and extPL: extensions share local names with different meanings.
type cdaReader struct {
	head *Header
	x    *xmlTokens
	path []string
	text strings.Builder // of the innermost element that takes text

	patient *patient.Patient
	name    cdaName
	parent  string // relationship of the open relatedDocument
	authors int

	encounter, event interval
}

// readCDA returns at the body, at the end or at the first error.
func readCDA(h *Header, x *xmlTokens) error {
	c := &cdaReader{head: h, x: x}
	defer c.finish()
	for {
		tok, err := x.next()
		if err != nil {
			return err
		}
		switch t := tok.(type) {
		case xml.StartElement:
			c.push(t.Name)
			at := strings.Join(c.path, "/")
			if at == "component/structuredBody" || at == "component/nonXMLBody" {
				return nil // the header ends here; the body is not ours to read
			}
			c.text.Reset()
			c.start(at, t)
		case xml.CharData:
			if c.text.Len()+len(t) <= maxValue {
				c.text.Write(t)
			} else {
				c.text.WriteByte(' ')
				h.warn("a value over 4 KiB was left out or cut")
			}
		case xml.EndElement:
			if len(c.path) == 0 {
				return nil
			}
			c.end(strings.Join(c.path, "/"))
			c.path = c.path[:len(c.path)-1]
		}
	}
}

// push marks an element of another namespace so that no path can match it.
func (c *cdaReader) push(n xml.Name) {
	local := n.Local
	if n.Space != cdaSpace && n.Space != "" {
		local = "!" + local
	}
	c.path = append(c.path, local)
}

func (c *cdaReader) start(at string, e xml.StartElement) {
	h := c.head
	switch at {
	case "id":
		h.DocID = first(h.DocID, c.id(e))
	case "setId":
		h.SetID = first(h.SetID, c.id(e))
	case "versionNumber":
		h.Version = first(h.Version, c.attr(e, "value"))
	case "code", "code/translation":
		c.code(e)
	case "effectiveTime":
		h.Authored = first(h.Authored, c.moment(e))
	case "confidentialityCode":
		if h.Confidentiality == "" {
			h.setConfidentiality(c.attr(e, "code"))
		}
	case "languageCode":
		h.Language = first(h.Language, c.attr(e, "code"))
	case "relatedDocument":
		c.parent = relations[c.attr(e, "typeCode")]
		if c.parent == "" {
			h.warn("relatedDocument of unknown type")
		}
	case "relatedDocument/parentDocument/id":
		c.relation(c.id(e))
	case "componentOf/encompassingEncounter/id":
		h.EncounterID = first(h.EncounterID, c.id(e))
	default:
		if !c.startPerson(at, e) {
			c.startService(at, e)
		}
	}
}

func (c *cdaReader) end(at string) {
	switch at {
	case "title":
		c.head.Title = first(c.head.Title, tidy(c.text.String()))
	case "relatedDocument":
		c.parent = ""
	default:
		c.endPerson(at)
	}
	c.text.Reset()
}

// code takes LOINC from the document code or, where a national code comes first, from its translation.
func (c *cdaReader) code(e xml.StartElement) {
	code := c.attr(e, "code")
	if c.attr(e, "codeSystem") == loincSystem && isLOINC(code) && c.head.LOINC == "" {
		c.head.LOINC = code
	}
}

func (c *cdaReader) relation(target string) {
	const maxRelations = 64
	if c.parent == "" || target == "" {
		return
	}
	if len(c.head.Relations) == maxRelations {
		c.head.warn("more related documents than are kept")
		return
	}
	c.head.Relations = append(c.head.Relations, Relation{Kind: c.parent, Target: target})
}

// startService reads the times of the encounter and of the first documented service event.
func (c *cdaReader) startService(at string, e xml.StartElement) {
	if part, ok := strings.CutPrefix(at, "componentOf/encompassingEncounter/effectiveTime"); ok {
		c.encounter.add(part, c.moment(e))
	} else if part, ok := strings.CutPrefix(at, "documentationOf/serviceEvent/effectiveTime"); ok {
		c.event.add(part, c.moment(e))
	}
}

// interval is an HL7 v3 IVL_TS: a value alone, or low and high.
type interval struct{ low, high string }

func (i *interval) add(part, m string) {
	switch part {
	case "":
		i.low, i.high = first(i.low, m), first(i.high, m)
	case "/low":
		i.low = first(i.low, m)
	case "/high":
		i.high = first(i.high, m)
	}
}

func (c *cdaReader) finish() {
	if c.patient != nil { // the document ended inside a recordTarget
		c.addPatient()
	}
	// A service event is the second choice: it may cover a life (C-CDA's CCD) or one procedure.
	service := c.encounter
	if service == (interval{}) {
		service = c.event
	}
	c.head.ServiceStart, c.head.ServiceEnd = service.low, service.high
	c.head.Class = classOf(c.head.LOINC)
}

// attr returns an attribute unless the element is null-flavoured: a masked or unknown value must
// never be matched or indexed (HL7 v3 data types, NullFlavor MSK, UNK, NI).
func (c *cdaReader) attr(e xml.StartElement, name string) string {
	if attribute(c.head, e, "nullFlavor") != "" {
		return ""
	}
	return attribute(c.head, e, name)
}

func (c *cdaReader) id(e xml.StartElement) string {
	return documentID(c.attr(e, "root"), c.attr(e, "extension"))
}

func (c *cdaReader) moment(e xml.StartElement) string {
	value := c.attr(e, "value")
	m := moment(value)
	if m == "" && value != "" {
		c.head.warn("a time is not in HL7 form")
	}
	return m
}

// first keeps what was read before.
func first(old, new string) string {
	if old != "" {
		return old
	}
	return new
}
