package corpus

import (
	"strconv"
	"time"
)

// body writes the sections a document of its kind has.
func (w *cdaWriter) body() {
	w.printf("  <component><structuredBody>\n")
	s := w.s
	w.diagnosis()
	if s.kind == "imaging" {
		w.prose("description", "29545-1", s.image, 4, 8)
		w.prose("conclusion", "55110-1", s.image, 1, 2)
	} else {
		w.prose("complaint", "46239-0", s.complaint, 2, 4)
		w.prose("history", "10164-2", s.history, 4, 8)
		w.prose("exam", "29545-1", s.exam, 6, 11)
	}
	if s.kind == "discharge" || s.kind == "emergency" {
		w.prose("course", "8648-8", s.course, 5, 11)
		w.results(panel(s.r, between(s.r, 6, 14)))
		w.observations()
	}
	if s.kind != "imaging" {
		w.drugs()
		w.prose("advice", "18776-5", s.advice, 3, 7)
	}
	w.printf("  </structuredBody></component>\n")
}

func (w *cdaWriter) section(label, loinc string, text func()) {
	w.printf(`    <component><section>
      <code code="%s" codeSystem="2.16.840.1.113883.6.1"/>
      <title>%s</title>
      <text>
`, loinc, w.s.label[label])
	text()
	w.printf("      </text>\n    </section></component>\n")
}

func (w *cdaWriter) prose(label, loinc string, list []string, low, high int) {
	w.section(label, loinc, func() {
		for _, sentence := range w.s.sentences(list, between(w.s.r, low, high)) {
			w.printf("        <paragraph>%s</paragraph>\n", sentence)
		}
	})
}

// diagnosis also says that the document is made up.
func (w *cdaWriter) diagnosis() {
	w.section("diagnosis", "29548-5", func() {
		w.printf("        <list><item><content styleCode=\"Bold\">%s</content> %s</item></list>\n", w.s.dx.code, w.s.illness)
		w.printf("        <paragraph>%s</paragraph>\n", w.s.made)
	})
}

func (w *cdaWriter) tableHead(labels ...string) {
	w.printf("        <table><thead><tr>")
	for _, label := range labels {
		w.printf("<th>%s</th>", w.s.label[label])
	}
	w.printf("</tr></thead><tbody>\n")
}

func (w *cdaWriter) row(cells ...string) {
	w.printf("        <tr>")
	for _, cell := range cells {
		w.printf("<td>%s</td>", cell)
	}
	w.printf("</tr>\n")
}

func (w *cdaWriter) results(panel []result) {
	w.section("results", "30954-2", func() {
		w.tableHead("test", "value", "unit", "range")
		for _, m := range panel {
			value := w.s.decimal(m.value, m.digits)
			if m.flag() != "N" {
				value += " " + m.flag()
			}
			w.row(m.name(w.s.code), value, m.unit, w.s.decimal(m.low, m.digits)+"–"+w.s.decimal(m.high, m.digits))
		}
		w.printf("        </tbody></table>\n")
	})
}

// observations is the fever chart: what makes a discharge report long.
func (w *cdaWriter) observations() {
	s := w.s
	rows := min(60, 2+int(s.end.Sub(s.start)/(4*time.Hour)))
	w.section("observation", "8716-3", func() {
		w.tableHead("date", "temperature", "pulse", "days")
		for i := range rows {
			at := s.start.Add(time.Duration(i)*4*time.Hour + time.Duration(s.r.IntN(50))*time.Minute)
			w.row(at.Format("2006-01-02 15:04"), s.number("36.2", "39.6"), s.number("66", "148"), strconv.Itoa(1+i/6))
		}
		w.printf("        </tbody></table>\n")
	})
}

func (w *cdaWriter) drugs() {
	w.section("drugs", "10160-0", func() {
		w.tableHead("drugs", "days")
		for range between(w.s.r, 1, 4) {
			w.row(w.s.dose(), strconv.Itoa(between(w.s.r, 3, 30)))
		}
		w.printf("        </tbody></table>\n")
	})
}

// addLab writes a laboratory result as CDA: head and one table.
func (f *folder) addLab(s sheet) {
	w := &cdaWriter{s: s}
	w.head()
	w.printf("  <component><structuredBody>\n")
	w.results(panel(s.r, between(s.r, 1, 5)))
	w.printf("  </structuredBody></component>\n</ClinicalDocument>\n<!-- %s -->\n", s.made)
	f.add(s, "xml", "application/xml", w.Bytes())
}
