package clinical

import (
	"encoding/xml"
	"strings"

	"kartoteka/seal/patient"
)

const (
	patientPath = "recordTarget/patientRole"
	authorPath  = "author/assignedAuthor"
)

// cdaName gathers the parts of an HL7 v3 person name (PN).
type cdaName struct {
	family, given []string
	birth         string // family part qualified BR: the name before marriage
	qualifier     string
	null          bool
}

func (c *cdaReader) startPerson(at string, e xml.StartElement) bool {
	switch at {
	case "recordTarget":
		c.patient = &patient.Patient{}
	case "author":
		c.authors++
	case patientPath + "/id":
		c.patientID(e)
	case patientPath + "/patient/birthTime":
		if c.patient != nil {
			c.patient.BirthDate = first(c.patient.BirthDate, day(c.moment(e)))
		}
	case patientPath + "/patient/administrativeGenderCode":
		c.sex(e)
	case patientPath + "/patient/name", authorPath + "/assignedPerson/name":
		c.name = cdaName{null: attribute(c.head, e, "nullFlavor") != ""}
	case patientPath + "/patient/name/family", patientPath + "/patient/name/given",
		authorPath + "/assignedPerson/name/family", authorPath + "/assignedPerson/name/given":
		c.name.qualifier = attribute(c.head, e, "qualifier")
	case authorPath + "/id":
		if c.authors == 1 {
			c.head.Author.ID = first(c.head.Author.ID, c.id(e))
		}
	default:
		return false
	}
	return true
}

func (c *cdaReader) endPerson(at string) {
	switch at {
	case "recordTarget":
		c.addPatient()
	case patientPath + "/patient/name":
		c.addName()
	case authorPath + "/assignedPerson/name":
		if c.authors == 1 {
			c.head.Author.Name = first(c.head.Author.Name, c.wholeName())
		}
	default:
		if in, part := cutLast(at); in == patientPath+"/patient/name" || in == authorPath+"/assignedPerson/name" {
			c.namePart(part, tidy(c.text.String()))
		}
	}
}

func cutLast(path string) (dir, last string) {
	i := strings.LastIndexByte(path, '/')
	return path[:max(i, 0)], path[i+1:]
}

func (c *cdaReader) patientID(e xml.StartElement) {
	if c.patient == nil {
		return
	}
	if id, ok := oidIdentifier(c.attr(e, "root"), c.attr(e, "extension")); ok {
		addIdentifier(c.head, c.patient, id)
	}
}

func (c *cdaReader) sex(e xml.StartElement) {
	if c.patient == nil || c.patient.Sex != "" {
		return
	}
	if attribute(c.head, e, "nullFlavor") != "" {
		c.patient.Sex = "U"
		return
	}
	c.patient.Sex = sexes[c.attr(e, "code")]
}

func (c *cdaReader) namePart(part, text string) {
	if text == "" || len(c.name.family)+len(c.name.given) == maxGiven {
		return
	}
	switch {
	case part == "given":
		c.name.given = append(c.name.given, text)
	case part == "family" && strings.Contains(c.name.qualifier, "BR"):
		c.name.birth = text
	case part == "family":
		c.name.family = append(c.name.family, text)
	}
}

// addName adds the name and, beside it, the one before marriage: an old record may be known under it.
func (c *cdaReader) addName() {
	n := c.name
	c.name = cdaName{}
	if n.null || c.patient == nil {
		return
	}
	family := strings.Join(n.family, " ")
	if family == "" && len(n.given) == 0 && n.birth == "" {
		family = tidy(c.text.String()) // an undivided name
	}
	if family != "" || n.birth == "" {
		addName(c.head, c.patient, family, n.given)
	}
	if n.birth != "" {
		addName(c.head, c.patient, n.birth, n.given)
	}
}

func (c *cdaReader) wholeName() string {
	n := c.name
	c.name = cdaName{}
	if n.null {
		return ""
	}
	if whole := strings.Join(append(n.given, n.family...), " "); whole != "" {
		return whole
	}
	return tidy(c.text.String())
}

func (c *cdaReader) addPatient() {
	p := c.patient
	c.patient = nil
	c.head.addPatient(*p)
}
