package seal

// The first line, or the "schema" member, of every kind of file kartoteka writes. A reader of a released version is
// never removed from this table; a new version gets a new line and a new reader beside the old one.
const (
	SpecAct         = "kartoteka/act/1"
	SpecArchive     = "kartoteka/archive/1"
	SpecBundle      = "urn:kartoteka:bundle:1" // in-toto predicateType
	SpecCapsule     = "kartoteka/capsule/1"
	SpecCertificate = "kartoteka/certificate/1"
	SpecCommitment  = "kartoteka/commitment/1"
	SpecEntry       = "kartoteka/entry/1"
	SpecEvent       = "kartoteka/event/1"
	SpecKeyfile     = "kartoteka/keyfile/1"
	SpecNight       = "kartoteka/night/1"
	SpecOpenings    = "kartoteka/openings/1"
	SpecOrder       = "kartoteka/order/1"
	SpecPacket      = "kartoteka/packet/1"
	SpecPolicy      = "kartoteka/policy/1"
	SpecReceipt     = "kartoteka/receipt/1"
	SpecRecipients  = "kartoteka/recipients/1"
	SpecRefresh     = "kartoteka/refresh/1"
	SpecRehash      = "kartoteka/rehash/1"
	SpecRelease     = "kartoteka/release/1"
	SpecRewrapping  = "kartoteka/rewrapping/1"
	SpecSegment     = "kartoteka/segment/1"
	SpecTransfer    = "kartoteka/transfer/1"
	SpecWave        = "kartoteka/wave/1"
)

// Specs lists every format that this version reads, by name.
func Specs() []string {
	return []string{SpecAct, SpecArchive, SpecBundle, SpecCapsule, SpecCertificate, SpecCommitment, SpecEntry, SpecEvent, SpecKeyfile, SpecNight, SpecOpenings,
		SpecOrder, SpecPacket, SpecPolicy, SpecReceipt, SpecRecipients, SpecRefresh, SpecRehash, SpecRelease, SpecRewrapping, SpecSegment, SpecTransfer, SpecWave}
}
