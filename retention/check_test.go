package retention

import (
	"fmt"
	"strings"
	"testing"
)

const goodSchedule = `schema: kartoteka/schedule/1
jurisdiction: PL
act: "an act"
checked: "2026-11-21"
classes: {"referral": "referral"}
rules:
  - id: PL-ALL
    class: any
    unit: patient_file
    years: 20
    trigger: last_entry
    rounding: end_of_calendar_year
    cite: "art. 1"
    confidence: medium
    default: true
  - id: PL-REF
    class: [referral]
    unit: document
    years: 5
    trigger: issued
    rounding: end_of_calendar_year
    when: {medium: paper}
    cite: "art. 2"
    confidence: medium
`

// thirdRule has room for one fault more.
const thirdRule = `  - {id: PL-REF2, class: [referral], unit: document, trigger: issued, rounding: end_of_calendar_year, confidence: medium, cite: "art. 3", %s}` + "\n"

type badSchedule struct {
	name     string
	old, new string // replaced once in goodSchedule; an empty old appends new
	want     string
}

func (b badSchedule) file() string {
	if b.old == "" {
		return goodSchedule + b.new
	}
	return strings.Replace(goodSchedule, b.old, b.new, 1)
}

func rule(fault string) string { return fmt.Sprintf(thirdRule, fault) }

var badSchedules = []badSchedule{
	// the file
	{"first line", "schema: kartoteka/schedule/1\n", "", `first line is "jurisdiction: PL"`},
	{"later version", "schedule/1", "schedule/2", `first line is "schema: kartoteka/schedule/2"`},
	{"comment first", "schema", "# hello\nschema", `first line is "# hello"`},
	{"byte order mark", "schema", "\ufeffschema", "first line is"},
	{"unknown key", "act:", "akt: x\nact:", "line 3: field akt not found in a schedule's Schedule"},
	{"unknown rule key", "unit: document", "unit: document\n    yeras: 5", "field yeras not found in a schedule's Rule"},
	{"key twice", "    years: 5", "    years: 5\n    years: 6", `mapping key "years" already defined`},
	{"class twice", `"referral"}`, `"a", "referral": "b"}`, `mapping key "referral" already defined`},
	{"second document", "", "---\nschema: kartoteka/schedule/1\n", "goes on after its first YAML document"},
	{"too large", "", "#" + strings.Repeat("x", maxScheduleSize), "file is larger than 1048576 bytes"},
	{"no mapping", goodSchedule, "schema: kartoteka/schedule/1\n- a\n", "parse schedule: yaml"},

	// YAML's traps
	{"NO", "jurisdiction: PL", "jurisdiction: NO", `line 2: "NO" is a boolean to some YAML readers`},
	{"yes", "default: true", "default: yes", `"yes" is a boolean to some YAML readers`},
	{"True", "default: true", "default: True", `"True": write true or false`},
	{"octal", "years: 20", "years: 020", `number "020": write a plain decimal`},
	{"octal beyond 7", "years: 20", "years: 08", `"08" is neither`},
	{"hexadecimal", "years: 20", "years: 0x14", `number "0x14"`},
	{"underscore", "years: 20", "years: 2_0", `number "2_0"`},
	{"zero", "years: 20", "years: 0", `number "0"`},
	{"negative", "years: 20", "years: -20", `number "-20"`},
	{"fraction", "years: 20", "years: 20.5", `"20.5" is neither`},
	{"quoted number", "years: 20", `years: "20"`, "cannot unmarshal !!str"},
	{"date", `"2026-11-21"`, "2026-11-21", `date "2026-11-21": quote it`},
	{"null", "years: 20", "years: null", "line 10: empty value: leave the key out"},
	{"nothing", `cite: "art. 1"`, "cite:", "empty value: leave the key out"},
	{"alias", "class: any", "class: &a any", "anchors and aliases are not allowed"},
	{"merge", "", "  - {<<: *a}\n", "unknown anchor"},
	{"tag", "years: 20", "years: !!int 20", "tag !!int is not allowed"},

	// the schedule
	{"jurisdiction", "jurisdiction: PL", "jurisdiction: DE", `jurisdiction "DE" is not one of PL, UA, LT, EU`},
	{"no act", "act: \"an act\"\n", "", "act is missing"},
	{"checked", "2026-11-21", "21.11.2026", `checked "21.11.2026" is not a date`},
	{"any declared", `"referral":`, `"any": "x", "referral":`, `class "any" cannot be declared`},
	{"no default", "    default: true\n", "", "no default rule for PL"},
	{"two defaults", "", strings.Replace(rule("years: 1, default: true"), "[referral]", "any", 1), "rule PL-REF2: second default beside PL-ALL"},
	{"narrow default", "default: true", "default: true\n    when: {medium: film}", "rule PL-ALL: the default must have class any, a period and no conditions"},
	{"id twice", "PL-REF", "PL-ALL", "rule PL-ALL: id is used twice, by rules number 1 and 2"},
	{"overlap", "", rule("years: 6, when: {medium: paper}"), "rule PL-REF2: overlaps PL-REF (class referral, same unit, trigger and conditions) with 6 years"},
	{"too many rules", "", strings.Repeat(rule("years: 5"), maxRules), "more than 1000 rules"},

	// a rule
	{"no id", "id: PL-REF", `id: ""`, "rule number 2: id must be PL"},
	{"foreign id", "id: PL-REF", "id: UA-REF", "rule UA-REF: id must be PL"},
	{"unit", "unit: document", "unit: page", `rule PL-REF: unknown unit "page"`},
	{"trigger", "trigger: issued", "trigger: printed", `rule PL-REF: unknown trigger "printed"`},
	{"no rounding", "    rounding: end_of_calendar_year\n    when", "    when", `rule PL-REF: unknown rounding ""`},
	{"class", "[referral]", "[referal]", `rule PL-REF: unknown class "referal"`},
	{"no class", "    class: [referral]\n", "", "rule PL-REF: class is missing"},
	{"any among others", "[referral]", "[any, referral]", "rule PL-REF: class any stands alone"},
	{"condition", "{medium: paper}", "{weather: fine}", `rule PL-REF: unknown condition "weather"`},
	{"condition value", "{medium: paper}", "{medium: stone}", `rule PL-REF: condition medium cannot be "stone"`},
	{"years and days", "years: 5", "years: 5\n    min_days: 9", "rule PL-REF: has both years and min_days"},
	{"no period", "    years: 5\n", "", "rule PL-REF: has neither years nor min_days"},
	{"period, no trigger", "trigger: issued", "trigger: none", "rule PL-REF: has a period but trigger none"},
	{"no period, not verify", "    years: 5\n    trigger: issued", "    trigger: none", "rule PL-REF: has no period and is not marked verify"},
	{"too long", "years: 5", "years: 201", "rule PL-REF: period is not between 1 and 200 years"},
	{"no citation", "    cite: \"art. 2\"\n", "", "rule PL-REF: citation is missing and the rule is not marked verify"},
	{"confidence", `cite: "art. 2"
    confidence: medium`, `cite: "art. 2"
    confidence: sure`, `rule PL-REF: unknown confidence "sure"`},
	{"low", `cite: "art. 2"
    confidence: medium`, `cite: "art. 2"
    confidence: low`, "rule PL-REF: confidence is low but the rule is not marked verify"},
	{"high", `cite: "art. 2"
    confidence: medium`, `cite: "art. 2"
    confidence: high`, "rule PL-REF: confidence is high but no source is named"},

	// duties
	{"duty", "", "disposal: {duty: {text: x, confidence: medium}}\n", "duty: citation is missing"},
	{"custody", "", "custody_after_closure: {order: [], cite: x, confidence: medium}\n", "custody_after_closure: text is missing"},
	{"duty key", "", "disposal: {fire: {text: x}}\n", "field fire not found in a schedule's Disposal"},
}

func TestGoodSchedule(t *testing.T) {
	if _, err := Parse(strings.NewReader(goodSchedule)); err != nil {
		t.Error(err)
	}
	// what must not be taken for a fault
	for _, more := range []string{
		rule("years: 5, when: {medium: paper}"), // says the same twice
		rule("years: 6, when: {medium: film}"),
		rule("years: 6"),
		"  - {id: PL-X, class: any, unit: document, trigger: none, rounding: none, confidence: low, verify: true}\n",
	} {
		if _, err := Parse(strings.NewReader(goodSchedule + more)); err != nil {
			t.Errorf("with %s: %v", more, err)
		}
	}
}

func TestBadSchedules(t *testing.T) {
	for _, tt := range badSchedules {
		t.Run(tt.name, func(t *testing.T) {
			if tt.old != "" && !strings.Contains(goodSchedule, tt.old) {
				t.Fatalf("the good schedule has no %q", tt.old)
			}
			_, err := Parse(strings.NewReader(tt.file()))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q in it", err, tt.want)
			}
		})
	}
}

// An operator mends a file in one go: nothing is reported only after something else is mended.
func TestAllProblemsListed(t *testing.T) {
	bad := strings.NewReplacer("years: 20", "years: 300", "[referral]", "[x]", "{medium: paper}", "{weather: fine}", `cite: "art. 2"`, `note: "n"`, "    default: true\n", "").Replace(goodSchedule)
	_, err := Parse(strings.NewReader(bad))
	for _, want := range []string{"schedule PL: ", "rule PL-ALL: period", `rule PL-REF: unknown class "x"`, `rule PL-REF: unknown condition "weather"`, "rule PL-REF: citation", "no default rule for PL"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
}
