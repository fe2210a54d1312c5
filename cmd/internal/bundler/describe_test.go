package bundler

import (
	"strings"
	"testing"

	"kartoteka/seal"
)

func TestDescribe(t *testing.T) {
	full := cda(`<id root="2.999.1" extension="D-2"/><code code="18842-5" codeSystem="2.16.840.1.113883.6.1"/><title>Karta</title>
		<effectiveTime value="20240305101500+0100"/><confidentialityCode code="N"/><languageCode code="pl-PL"/>
		<setId root="2.999.1" extension="S"/><versionNumber value="2"/>
		<recordTarget><patientRole><id root="2.16.840.1.113883.3.4424.1.1.616" extension="44051401359"/></patientRole></recordTarget>
		<author><assignedAuthor><id root="2.999.2" extension="7"/><assignedPerson><name><given>Jan</given><family>Nowak</family></name></assignedPerson></assignedAuthor></author>
		<relatedDocument typeCode="RPLC"><parentDocument><id root="2.999.1" extension="D-1"/></parentDocument></relatedDocument>`)
	b := mustMake(t, with(t), bytesSource("a.xml", full))
	got := b.Parts[0].Statement.Predicate.Documents[0]
	for _, c := range []struct{ field, got, want string }{
		{"media_type", got.MediaType, "text/xml"},
		{"class", got.Class, "discharge_summary"},
		{"title", got.Title, "Karta"},
		{"language", got.Language, "pl-PL"},
		{"authored", got.Authored, "2024-03-05T10:15:00+01:00"},
		{"author", got.Author.Name + " " + got.Author.ID, "Jan Nowak 2.999.2^7"},
		{"doc_id", got.DocID, "2.999.1^D-2"},
		{"set_id", got.SetID, "2.999.1^S"},
		{"version", got.Version, "2"},
		{"relation", got.Relation.Kind + " " + got.Relation.Target, "replaces 2.999.1^D-1"},
		{"confidentiality", got.Confidentiality, "N"},
		{"loinc", got.Codes["loinc"], "18842-5"},
		{"signature", got.Signature.Kind + got.Signature.Format, "none"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.field, c.got, c.want)
		}
	}
}

// TestWarnings: each case one disagreement, one warning; the producer's word stands.
func TestWarnings(t *testing.T) {
	given := func(member string) []string {
		return []string{`{"controller"`, `{"documents":[{"path":"documents/a.xml",` + member + `}],"controller"`}
	}
	pesel := func(n string) string {
		return `<recordTarget><patientRole><id root="2.16.840.1.113883.3.4424.1.1.616" extension="` + n + `"/></patientRole></recordTarget>`
	}
	author := `<author><assignedAuthor><assignedPerson><name><given>Jan</given><family>Nowak</family></name></assignedPerson></assignedAuthor></author>`
	for _, c := range []struct {
		name   string
		change []string
		fields string
		want   string // "" for none
	}{
		{"nothing", nil, "", ""},
		{"same patient", nil, pesel("44051401359"), ""},
		{"other patient", nil, pesel("02070803628"), "documents/a.xml names another patient than the metadata"},
		{"title", given(`"title":"X"`), "<title>Y</title>", `title is "X" in the metadata, "Y" in the document`},
		{"same title", given(`"title":"X  Y"`), "<title>X Y</title>", ""},
		{"language", given(`"language":"uk"`), `<languageCode code="pl-PL"/>`, `language is "uk"`},
		{"near language", given(`"language":"pl"`), `<languageCode code="pl-PL"/>`, ""},
		{"authored", given(`"authored":"2024-03-06"`), `<effectiveTime value="20240305"/>`, `authored is "2024-03-06"`},
		{"same day", given(`"authored":"2024-03-05"`), `<effectiveTime value="20240305101500+0100"/>`, ""},
		{"same moment", given(`"authored":"2024-03-05T09:15:00Z"`), `<effectiveTime value="20240305101500+0100"/>`, ""},
		{"media", given(`"media_type":"application/pdf"`), "", `media_type is "application/pdf"`},
		{"near media", given(`"media_type":"application/hl7-cda+xml"`), "", ""},
		{"author", given(`"author":{"name":"Ewa Nowak"}`), author, `author.name is "Ewa Nowak" in the metadata, "Jan Nowak" in the document`},
		{"author turned", given(`"author":{"name":"NOWAK, Jan"}`), author, ""},
		{"confidentiality", given(`"confidentiality":"N"`), `<confidentialityCode code="R"/>`, `confidentiality is "N"`},
		{"size", given(`"size":7`), "", "size is 7"},
		{"loinc", given(`"codes":{"loinc":"11502-2"}`), `<code code="18842-5" codeSystem="2.16.840.1.113883.6.1"/>`, `codes.loinc is "11502-2"`},
		{"relation", given(`"relation":{"kind":"appends","target":"x"}`), `<relatedDocument typeCode="RPLC"><parentDocument><id root="2.999.1"/></parentDocument></relatedDocument>`, `relation is appends "x" in the metadata, replaces "2.999.1" in the document`},
		{"signature", nil, `<x xmlns="http://uri.etsi.org/01903/v1.3.2#"/>`, "carries a signature (xades)"},
		{"signature said", given(`"signature":{"kind":"qes"}`), `<x xmlns="http://uri.etsi.org/01903/v1.3.2#"/>`, ""},
		{"jurisdiction", []string{`"jurisdiction":"PL"`, `"jurisdiction":"LT"`}, "", "facts.jurisdiction is LT, controller.country is PL"},
		{"last entry", []string{`"last_entry_year":2024,"service_year":2024`, `"last_entry_year":2020`}, "", "facts.last_entry_year is 2020"},
		{"born later", []string{`"birth_date":"1944-05-14"`, `"birth_date":"2025-01-01"`}, "", "encounter.start is 2024-03-01, patient.birth_date is 2025-01-01"},
		{"age", []string{`"facts":{`, `"facts":{"under_2_at_service":true,`}, "", "under_2_at_service is true"},
	} {
		t.Run(c.name, func(t *testing.T) {
			change := append([]string{`"sex":"F"`, `"sex":"M"`}, c.change...) // the example's PESEL is a man's
			if c.name == "born later" {
				change = append(change, `"identifiers":[{"system":"pl.pesel","value":"44051401359","role":"own","country":"PL"}],`, "")
			}
			b := mustMake(t, with(t, change...), bytesSource("a.xml", cda(c.fields)))
			switch {
			case c.want == "" && len(b.Warnings) > 0:
				t.Errorf("warnings %q, want none", b.Warnings)
			case c.want != "" && (len(b.Warnings) != 1 || !strings.Contains(b.Warnings[0], c.want)):
				t.Errorf("warnings %q, want %q", b.Warnings, c.want)
			}
		})
	}
}

func TestFacts(t *testing.T) {
	const facts = `"facts":{"jurisdiction":"PL","last_entry_year":2024,"service_year":2024}`
	for _, c := range []struct {
		name, born, start, end string
		under                  string
		last, service          int
	}{
		{"a stay over new year", "1944-05-14", "2023-12-30", "2024-01-02", "false", 2024, 2023},
		{"the day before two", "2022-03-02", "2024-03-01", "", "true", 2024, 2024},
		{"the second birthday", "2022-03-01", "2024-03-01", "", "false", 2024, 2024},
		{"born on 29 February", "2020-02-29", "2022-02-28", "", "true", 2022, 2022},
		{"born some day", "2022", "2024-03-01", "2024-03-01", "unknown", 2024, 2024},
		{"no dates", "2022-03-02", "", "", "unknown", 0, 0},
	} {
		m := with(t, facts, `"facts":{}`, `"birth_date":"1944-05-14"`, `"birth_date":"`+c.born+`"`,
			`"start":"2024-03-01"`, `"start":"`+c.start+`"`, `"end":"2024-03-05"`, `"end":"`+c.end+`"`)
		f := mustMake(t, m, bytesSource("a", "a")).Parts[0].Statement.Predicate.Facts
		under := "unknown"
		if f.Under2AtService != nil {
			under = map[bool]string{true: "true", false: "false"}[*f.Under2AtService]
		}
		if under != c.under || f.LastEntryYear != c.last || f.ServiceYear != c.service || f.Jurisdiction != "PL" {
			t.Errorf("%s: under two %s, %+v", c.name, under, f)
		}
	}
}

func TestMarks(t *testing.T) {
	xades := `<ds:Object><xades:QualifyingProperties xmlns:xades="http://uri.etsi.org/01903/v1.3.2#"/></ds:Object>`
	for step := 1; step < len(xades); step++ { // wherever it is cut
		m := &marks{}
		for rest := xades; rest != ""; {
			n := min(step, len(rest))
			m.Write([]byte(rest[:n]))
			rest = rest[n:]
		}
		if !m.xades || m.pades {
			t.Fatalf("cut every %d bytes: xades %t, pades %t", step, m.xades, m.pades)
		}
	}
	pdf := "%PDF-1.7\n1 0 obj<</Type/Sig/SubFilter/ETSI.CAdES.detached>>endobj\n"
	b := mustMake(t, with(t), bytesSource("a.pdf", pdf))
	if got := *b.Parts[0].Statement.Predicate.Documents[0].Signature; got != (seal.DocumentSigning{Kind: "unknown", Format: "pades"}) {
		t.Errorf("got %+v", got)
	}
}
