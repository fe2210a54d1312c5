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
	CodeOrder           Code = "order"            // a disposal order does not parse, is of another log, or is not the one the log names
	CodeDisposal        Code = "disposal"         // records that an executed order names are still there
	CodeCertificate     Code = "certificate"      // a certificate of destruction is not what it says
	CodeKeyWeak         Code = "key_weak"         // not ECDSA P-256, Ed25519 or RSA of 3072 bits and more
	CodeDocumentMissing Code = "document_missing" // a subject without a document
	CodeDocumentExtra   Code = "document_extra"   // a document that no subject names
	CodeDocumentDigest  Code = "document_digest"  // a document is not the one that was signed
	CodeDocumentEmpty   Code = "document_empty"
	CodeChanged         Code = "changed_while_read" // the file changed while it was read
	CodeDuplicate       Code = "bundle_id_taken"    // the bundle id is in the archive with other content
	CodeDisposed        Code = "bundle_disposed"    // the bundle was in the archive and was disposed of
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
	CodeEvidence        Code = "evidence"           // a bundle's evidence records in a packet, of one family
	CodeNight           Code = "night"              // a night, a wave or a token is not what the log names
	CodeArchive         Code = "archive_form"       // archive.json does not parse, or names another log
	CodeWitness         Code = "witness"            // fewer witnesses cosigned a checkpoint than the policy asks for, or one's line does not hold
	CodeFork            Code = "fork"               // two checkpoints of one log contradict each other

	CodeTSA            Code = "tsa_unknown"     // no TSA of the policy is above a token's certificate
	CodeStampForm      Code = "stamp_form"      // not a token of RFC 3161 in DER with one signer
	CodeStampImprint   Code = "stamp_imprint"   // a token over something else
	CodeStampSigner    Code = "stamp_signer"    // the signer's certificate is missing, or not the one the token signs for
	CodeStampSignature Code = "stamp_signature" // a token's digest or signature does not hold
	CodeStampPurpose   Code = "stamp_purpose"   // the signer's certificate is not for time stamps alone
	CodeStampChain     Code = "stamp_chain"     // the chain did not hold at the time of judging
	CodeStampAlgorithm Code = "stamp_algorithm" // an algorithm that carries no evidence at the time of judging
	CodeStampRevoked   Code = "stamp_revoked"   // a certificate of the chain was revoked

	CodeEvidenceForm      Code = "evidence_form"      // an evidence record does not parse, or one of its tokens
	CodeEvidenceDocument  Code = "evidence_document"  // the record is of another document, or the document's digest is not at hand
	CodeEvidenceNode      Code = "evidence_node"      // the document is made of hashes, as an inner node of a tree is
	CodeEvidenceTree      Code = "evidence_tree"      // a time-stamp's lists do not lead to the value its token stamps
	CodeEvidenceOrder     Code = "evidence_order"     // the times of a record are not strictly ascending
	CodeEvidenceRenewal   Code = "evidence_renewal"   // a time-stamp or a chain does not cover what is before it
	CodeEvidenceAlgorithm Code = "evidence_algorithm" // a hash function is unknown, mixed within a chain, or was not replaced in time
	CodeEvidenceStamp     Code = "evidence_stamp"     // a token of a record, at the time the next one proves
)
