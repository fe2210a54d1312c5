package clinical

// Classes are the words Header.Class may be.
var Classes = []string{
	"discharge_summary", "lab_report", "imaging_report", "image", "prescription", "dispensation",
	"patient_summary", "progress_note", "operative_note", "referral", "consultation", "consent", "other",
}

// loincSystem is LOINC's OID, loincURL its FHIR system.
const (
	loincSystem = "2.16.840.1.113883.6.1"
	loincURL    = "http://loinc.org"
)

// classes holds the LOINC document codes whose meaning is beyond doubt: those of C-CDA R2.1, eHDSI
// (MyHealth@EU), the Polish national IG and HL7 Europe. A code that is not here is "other", never a guess.
var classes = map[string]string{
	"18842-5": "discharge_summary", // Discharge summary
	"11490-0": "discharge_summary", // Physician discharge summary
	"34105-7": "discharge_summary", // Hospital discharge summary
	"34745-0": "discharge_summary", // Nurse discharge summary
	"28655-9": "discharge_summary", // Attending physician discharge summary
	"11502-2": "lab_report",        // Laboratory report
	"26436-6": "lab_report",        // Laboratory studies (set)
	"18719-5": "lab_report",        // Chemistry studies (set)
	"18723-7": "lab_report",        // Hematology studies (set)
	"18725-2": "lab_report",        // Microbiology studies (set)
	"11526-1": "lab_report",        // Pathology study
	"18748-4": "imaging_report",    // Diagnostic imaging study
	"85430-7": "imaging_report",    // Diagnostic imaging report
	"18782-3": "imaging_report",    // Radiology study observation
	"68604-8": "imaging_report",    // Radiology diagnostic study note
	"18726-0": "imaging_report",    // Radiology studies (set)
	"18747-6": "imaging_report",    // CT
	"18755-9": "imaging_report",    // MRI
	"18760-9": "imaging_report",    // Ultrasound
	"57833-6": "prescription",      // Prescription for medication
	"57828-6": "prescription",      // Prescriptions
	"60593-1": "dispensation",      // Medication dispensed.extended
	"60591-5": "patient_summary",   // Patient summary
	"34133-9": "patient_summary",   // Summary of episode note (the C-CDA CCD)
	"11506-3": "progress_note",     // Progress note
	"11504-8": "operative_note",    // Surgical operation note
	"28570-0": "operative_note",    // Procedure note
	"57133-1": "referral",          // Referral note
	"11488-4": "consultation",      // Consultation note
	"34847-4": "consultation",      // Surgery consultation note
	"59284-0": "consent",           // Patient consent
}

func classOf(loinc string) string {
	if c, ok := classes[loinc]; ok {
		return c
	}
	return "other"
}

// isLOINC holds for the form of a LOINC code: digits, a hyphen, a check digit.
func isLOINC(s string) bool {
	if len(s) < 3 || len(s) > 10 || s[len(s)-2] != '-' {
		return false
	}
	for i, c := range []byte(s) {
		if i != len(s)-2 && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// relations holds the codes of CDA x_ActRelationshipDocument and of FHIR's relatesTo.
var relations = map[string]string{
	"RPLC": Replaces, "APND": Appends, "XFRM": Transforms,
	"replaces": Replaces, "appends": Appends, "transforms": Transforms, "signs": Signs,
}

func (h *Header) setConfidentiality(code string) {
	switch code {
	case "":
	case "N", "R", "V":
		h.Confidentiality = code
	default: // U, L, M of HL7 v3 Confidentiality, or a local code
		h.warn("confidentiality code is not N, R or V")
	}
}
