package clinical

import "strings"

// storageArc holds the SOP classes of stored instances (PS3.4 B.5).
const storageArc = "1.2.840.10008.5.1.4.1.1."

func (f *dicomFile) study(data *record) {
	h := f.head
	h.Study.InstanceUID = data.uid(studyInstanceUID)
	h.Study.Accession = data.text(h, accessionNumber)
	h.Study.Date = data.date(studyDate)
	h.Study.Modality = data.code(modality)
	h.EncounterID = data.text(h, admissionID)
	h.ServiceStart = data.when(studyDate, studyTime)
}

func (f *dicomFile) document(data *record) {
	h := f.head
	h.Title = first(data.text(h, documentTitle), data.text(h, studyDescription))
	h.Authored = first(data.when(contentDate, contentTime), h.ServiceStart)
	for _, name := range data.items[conceptName] {
		if code := name.code(codeValue); name.code(codeScheme) == "LN" && isLOINC(code) {
			h.LOINC = first(h.LOINC, code)
		}
	}
	h.Class = classOf(h.LOINC)
	if h.Class == "other" {
		h.Class = storedClass(h.Study.SOPClassUID)
	}
}

// storedClass tells images and reports from the rest: presentation states (11), waveforms (9),
// encapsulated documents (104), registrations and segmentations (66), radiotherapy plans (481).
func storedClass(sopClass string) string {
	kind, ok := strings.CutPrefix(sopClass, storageArc)
	if !ok {
		return "other"
	}
	kind, rest, _ := strings.Cut(kind, ".")
	switch kind {
	case "1", "2", "3", "4", "5", "6", "7", "12", "20", "77", "128", "130":
		return "image"
	case "481":
		if rest == "1" { // RT Image
			return "image"
		}
	case "88": // Basic Text, Enhanced and Comprehensive SR; others are dose, key objects, measurements
		switch rest {
		case "11", "22", "33", "34":
			return "imaging_report"
		}
	}
	return "other"
}

// directoryRecord takes the patients and studies of a DICOMDIR (PS3.3 F.5.1, F.5.2).
func (f *dicomFile) directoryRecord(r *record) {
	h := f.head
	switch r.code(recordType) {
	case "PATIENT":
		h.addPatient(r.patient(h))
	case "STUDY":
		if f.studies++; f.studies == 1 {
			h.Study.InstanceUID = r.uid(studyInstanceUID)
			h.Study.Accession = r.text(h, accessionNumber)
			h.Study.Date = r.date(studyDate)
		}
	}
}
