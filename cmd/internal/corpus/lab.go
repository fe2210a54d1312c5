package corpus

import "math/rand/v2"

// test is a laboratory test: LOINC, UCUM unit and a usual range.
type test struct {
	loinc, pl, uk, lt string
	unit              string
	low, high         float64
	digits            int
}

func (t test) name(language string) string { return pickLanguage(language, t.pl, t.uk, t.lt) }

var tests = []test{
	{"718-7", "Hemoglobina", "Гемоглобін", "Hemoglobinas", "g/dL", 11.0, 15.5, 1},
	{"789-8", "Erytrocyty", "Еритроцити", "Eritrocitai", "10*12/L", 3.9, 5.3, 2},
	{"6690-2", "Leukocyty", "Лейкоцити", "Leukocitai", "10*9/L", 4.5, 13.5, 1},
	{"777-3", "Płytki krwi", "Тромбоцити", "Trombocitai", "10*9/L", 150, 450, 0},
	{"4544-3", "Hematokryt", "Гематокрит", "Hematokritas", "%", 34, 45, 1},
	{"787-2", "MCV", "MCV", "MCV", "fL", 75, 95, 1},
	{"770-8", "Neutrofile", "Нейтрофіли", "Neutrofilai", "%", 30, 65, 1},
	{"736-9", "Limfocyty", "Лімфоцити", "Limfocitai", "%", 25, 60, 1},
	{"1988-5", "Białko C-reaktywne", "С-реактивний білок", "C reaktyvusis baltymas", "mg/L", 0.1, 5, 1},
	{"33959-8", "Prokalcytonina", "Прокальцитонін", "Prokalcitoninas", "ng/mL", 0.02, 0.5, 2},
	{"2345-7", "Glukoza", "Глюкоза", "Gliukozė", "mg/dL", 60, 99, 0},
	{"2160-0", "Kreatynina", "Креатинін", "Kreatininas", "mg/dL", 0.3, 0.9, 2},
	{"3094-0", "Azot mocznika", "Азот сечовини", "Šlapalo azotas", "mg/dL", 5, 18, 1},
	{"2951-2", "Sód", "Натрій", "Natris", "mmol/L", 135, 145, 0},
	{"2823-3", "Potas", "Калій", "Kalis", "mmol/L", 3.5, 5.1, 1},
	{"2075-0", "Chlorki", "Хлориди", "Chloridai", "mmol/L", 98, 107, 0},
	{"17861-6", "Wapń całkowity", "Кальцій загальний", "Kalcis", "mg/dL", 8.8, 10.8, 1},
	{"1742-6", "ALT", "АЛТ", "ALT", "U/L", 5, 40, 0},
	{"1920-8", "AST", "АСТ", "AST", "U/L", 10, 45, 0},
	{"1975-2", "Bilirubina całkowita", "Білірубін загальний", "Bendras bilirubinas", "mg/dL", 0.2, 1.2, 2},
	{"2885-2", "Białko całkowite", "Загальний білок", "Bendras baltymas", "g/dL", 6.0, 8.0, 1},
	{"1751-7", "Albumina", "Альбумін", "Albuminas", "g/dL", 3.5, 5.2, 1},
	{"2498-4", "Żelazo", "Залізо", "Geležis", "ug/dL", 50, 120, 0},
	{"2276-4", "Ferrytyna", "Феритин", "Feritinas", "ng/mL", 10, 140, 1},
	{"3016-3", "TSH", "ТТГ", "TTH", "m[IU]/L", 0.7, 5.9, 2},
	{"4548-4", "HbA1c", "HbA1c", "HbA1c", "%", 4.1, 5.7, 1},
	{"2532-0", "LDH", "ЛДГ", "LDH", "U/L", 120, 300, 0},
	{"5811-5", "Ciężar właściwy moczu", "Питома вага сечі", "Šlapimo tankis", "{ratio}", 1.005, 1.030, 3},
	{"2756-5", "pH moczu", "pH сечі", "Šlapimo pH", "[pH]", 5, 7.5, 1},
	{"62292-8", "25-OH witamina D", "25-OH вітамін D", "25-OH vitaminas D", "ng/mL", 30, 80, 1},
}

// result is one measured test.
type result struct {
	test
	value float64
}

// flag is H, L or N, as in HL7's ObservationInterpretation.
func (m result) flag() string {
	switch {
	case m.value > m.high:
		return "H"
	case m.value < m.low:
		return "L"
	}
	return "N"
}

// panel measures count different tests, a fifth of them out of range.
func panel(r *rand.Rand, count int) []result {
	start := r.IntN(len(tests))
	out := make([]result, 0, count)
	for i := range count {
		t := tests[(start+i)%len(tests)]
		span := t.high - t.low
		value := t.low + span*r.Float64()
		if chance(r, 20) {
			value = t.high + span*r.Float64()
		}
		out = append(out, result{t, value})
	}
	return out
}
