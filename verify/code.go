package verify

// Code of a check: a stable string. docs/json.md lists them with their meaning.
type Code string

const (
	CodeContainer       Code = "container"        // the ZIP or folder itself; container errors bring codes of their own
	CodeEnvelope        Code = "envelope_form"    // envelope missing or not a Sigstore bundle v0.3 with one DSSE signature
	CodePayloadType     Code = "payload_type"     // payload is not an in-toto statement
	CodeStatement       Code = "statement_form"   // statement or metadata unsound, or it mixes units
	CodeProducer        Code = "producer_unknown" // no producer in the policy has this key or chain
	CodeProducerTime    Code = "producer_not_trusted_then"
	CodeSignature       Code = "signature"
	CodeOfficers        Code = "officers"         // a decision does not carry the signatures of two officers trusted then
	CodeKeyWeak         Code = "key_weak"         // not ECDSA P-256, Ed25519 or RSA of 3072 bits and more
	CodeDocumentMissing Code = "document_missing" // a subject without a document
	CodeDocumentExtra   Code = "document_extra"   // a document that no subject names
	CodeDocumentDigest  Code = "document_digest"  // a document is not the one that was signed
	CodeDocumentEmpty   Code = "document_empty"
	CodeChanged         Code = "changed_while_read" // the file changed while it was read
	CodeDuplicate       Code = "bundle_id_taken"    // the bundle id is in the archive with other content
	CodeCheckpoint      Code = "checkpoint"         // signature, origin or form of a checkpoint
	CodeLogEntries      Code = "log_entries"        // entries do not give the checkpoint's root
	CodeLogTiles        Code = "log_tiles"          // a tile is missing, damaged or unexpected
	CodeLogConsistency  Code = "log_consistency"    // a later checkpoint does not extend an earlier one
	CodeLogRolledBack   Code = "log_rolled_back"    // the log is shorter than a checkpoint it once signed
	CodeEvent           Code = "event"              // an event cannot be what it says
	CodeEventUnknown    Code = "event_unknown"      // an event of a later version
	CodeSegment         Code = "segment"            // a segment is missing or not what its event names
	CodeKeyfile         Code = "keyfile"            // a keyfile is missing or not what its event names
	CodeKeyfileCopy     Code = "keyfile_copy"       // the second copy differs from the first
	CodeHeaderMissing   Code = "header_missing"     // a header is gone and no order names it
	CodeUnexpected      Code = "unexpected_file"    // a file that no event names
	CodePolicy          Code = "policy"             // policy or recipients differ from the last event's
	CodeRecord          Code = "record"             // a record does not open, or not to what its capsule says
	CodeCommitment      Code = "commitment"         // an opening does not fit its event
	CodeInclusion       Code = "log_inclusion"      // a leaf is not under the checkpoint
	CodeManifest        Code = "manifest"           // a packet's file is not what the manifest says
	CodePacket          Code = "packet_form"        // the packet is not laid out as it must be
	CodeTime            Code = "time"               // judged at a time before the evidence existed
	CodeIndex           Code = "index"              // the index is not what a rebuild gives
	CodeIdentity        Code = "identity"           // no identity given opens this
	CodeReceipt         Code = "receipt"            // a receipt whose event is not under its own checkpoint
	CodeBeyond          Code = "beyond"             // files beyond the checkpoint while nobody writes: an interrupted accession, or a checkpoint put back
	CodeAnchors         Code = "trust_anchors"      // where the trust anchors of this judgement came from
	CodeArchive         Code = "archive_form"       // archive.json does not parse, or names another log
)
