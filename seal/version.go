package seal

// The first line, or the "schema" member, of every kind of file kartoteka writes. A reader of a released version is
// never removed from this table; a new version gets a new line and a new reader beside the old one.
const (
	SpecArchive    = "kartoteka/archive/1"
	SpecBundle     = "urn:kartoteka:bundle:1" // in-toto predicateType
	SpecCapsule    = "kartoteka/capsule/1"
	SpecCommitment = "kartoteka/commitment/1"
	SpecEntry      = "kartoteka/entry/1"
	SpecEvent      = "kartoteka/event/1"
	SpecKeyfile    = "kartoteka/keyfile/1"
	SpecOpenings   = "kartoteka/openings/1"
	SpecPacket     = "kartoteka/packet/1"
	SpecPolicy     = "kartoteka/policy/1"
	SpecReceipt    = "kartoteka/receipt/1"
	SpecRecipients = "kartoteka/recipients/1"
	SpecRelease    = "kartoteka/release/1"
	SpecSegment    = "kartoteka/segment/1"
)
