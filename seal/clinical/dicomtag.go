package clinical

// Tags of what is kept (PS3.6).
const (
	mediaClassUID     = 0x00020002
	mediaInstanceUID  = 0x00020003
	transferSyntaxUID = 0x00020010
	directorySequence = 0x00041220
	recordType        = 0x00041430
	charsetTag        = 0x00080005
	sopClassUID       = 0x00080016
	sopInstanceUID    = 0x00080018
	studyDate         = 0x00080020
	contentDate       = 0x00080023
	studyTime         = 0x00080030
	contentTime       = 0x00080033
	accessionNumber   = 0x00080050
	modality          = 0x00080060
	codeValue         = 0x00080100
	codeScheme        = 0x00080102
	studyDescription  = 0x00081030
	patientName       = 0x00100010
	patientID         = 0x00100020
	issuerOfPatientID = 0x00100021
	issuerQualifiers  = 0x00100024
	birthDate         = 0x00100030
	patientSex        = 0x00100040
	otherPatientNames = 0x00101001
	otherPatientIDs   = 0x00101002
	studyInstanceUID  = 0x0020000d
	admissionID       = 0x00380010
	universalEntityID = 0x00400032
	conceptName       = 0x0040a043
	documentTitle     = 0x00420010
	mimeType          = 0x00420012
	lastTag           = mimeType

	itemTag     = 0xfffee000
	itemEnd     = 0xfffee00d
	sequenceEnd = 0xfffee0dd
)

var keptValues = tags(mediaClassUID, mediaInstanceUID, transferSyntaxUID, recordType, charsetTag,
	sopClassUID, sopInstanceUID, studyDate, contentDate, studyTime, contentTime, accessionNumber,
	modality, codeValue, codeScheme, studyDescription, patientName, patientID, issuerOfPatientID,
	birthDate, patientSex, otherPatientNames, studyInstanceUID, admissionID, universalEntityID,
	documentTitle, mimeType)

var keptSequences = tags(directorySequence, issuerQualifiers, otherPatientIDs, conceptName)

func tags(list ...uint32) map[uint32]bool {
	m := make(map[uint32]bool)
	for _, t := range list {
		m[t] = true
	}
	return m
}
