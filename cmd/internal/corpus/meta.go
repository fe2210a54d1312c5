package corpus

import (
	"encoding/json"
	"time"

	"kartoteka/seal/patient"
)

// meta is what --meta takes (architecture.md §6); the order of fields is the order of the example there.
type meta struct {
	Controller   controller      `json:"controller"`
	Producer     producer        `json:"producer"`
	Patient      patient.Patient `json:"patient"`
	Encounter    metaEncounter   `json:"encounter"`
	Documents    []listed        `json:"documents,omitempty"`
	Facts        facts           `json:"facts"`
	Digitisation *digitisation   `json:"digitisation,omitempty"`
}

type controller struct {
	Name    string    `json:"name"`
	Country string    `json:"country"`
	IDs     []idValue `json:"ids"`
}

type idValue struct {
	System string `json:"system"`
	Value  string `json:"value"`
}

type producer struct {
	System  string `json:"system"`
	Version string `json:"version"`
}

type metaEncounter struct {
	ID    string `json:"id"`
	Kind  string `json:"kind"`
	Start string `json:"start"`
	End   string `json:"end"`
}

type facts struct {
	Jurisdiction  string `json:"jurisdiction"`
	LastEntryYear int    `json:"last_entry_year"`
	ServiceYear   int    `json:"service_year"`
	Under2        bool   `json:"under_2_at_service,omitempty"`
	Blood         bool   `json:"blood_traceability,omitempty"`
}

type digitisation struct {
	Operator  string `json:"operator"`
	ScannedAt string `json:"scanned_at"`
	DPI       int    `json:"dpi"`
	Paper     string `json:"paper"`
}

// listed is one of documents[] (medical.md).
type listed struct {
	Path            string    `json:"path"`
	MediaType       string    `json:"media_type"`
	Class           string    `json:"class"`
	Title           string    `json:"title"`
	Language        string    `json:"language,omitempty"`
	Authored        string    `json:"authored"`
	Author          *author   `json:"author,omitempty"`
	DocID           string    `json:"doc_id,omitempty"`
	SetID           string    `json:"set_id,omitempty"`
	Version         int       `json:"version,omitempty,string"`
	Relation        *relation `json:"relation,omitempty"`
	Confidentiality string    `json:"confidentiality"`
	Signature       signature `json:"signature"`
}

type author struct {
	Name string `json:"name"`
	ID   string `json:"id,omitempty"`
}

type relation struct {
	Kind   string `json:"kind"`
	Target string `json:"target"`
}

type signature struct {
	Kind string `json:"kind"`
}

func (w *workshop) meta(e *encounter, documents []Document) []byte {
	h := e.hospital
	m := meta{
		Controller: controller{h.Name, h.Country, []idValue{{h.System, h.ID}}},
		Producer:   producer{h.Producer, h.Version},
		Patient:    e.patient,
		Encounter:  metaEncounter{e.id, e.kind, e.start.Format(time.DateOnly), e.end.Format(time.DateOnly)},
		Facts: facts{
			Jurisdiction: h.Country, LastEntryYear: e.end.Year(), ServiceYear: e.start.Year(),
			Under2: e.start.Before(e.person.Birth.AddDate(2, 0, 0)),
			Blood:  e.kind == "inpatient" && chance(e.r, 4),
		},
	}
	if w.o.Full {
		m.list(e, documents)
	}
	text, err := json.Marshal(m)
	if err != nil {
		panic(err) // only strings and numbers: cannot fail
	}
	return text
}

func (m *meta) list(e *encounter, documents []Document) {
	for _, d := range documents {
		d.entry.Path, d.entry.MediaType = "documents/"+d.Name, d.MediaType
		d.entry.Confidentiality, d.entry.Signature.Kind = "N", "his_internal"
		m.Documents = append(m.Documents, d.entry)
	}
	if e.kind == "scan" {
		m.Digitisation = &digitisation{Operator: e.doctor.String(), ScannedAt: e.end.AddDate(1, 0, 3).Format(time.DateOnly), DPI: 100, Paper: "pending"}
	}
}
