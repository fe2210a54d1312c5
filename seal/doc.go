// Package seal holds every byte kartoteka writes or hands out: formats at version 1, their strict readers and
// their writers. It is pure: no paths, no clock, no network, no database.
//
// # Vocabulary
//
// One noun each, in code, command line, events and manual alike.
//
//   - bundle: what a producer hands over: a signed [Statement] in an [Envelope], with the documents it names.
//     The unit of signature, retention, confidentiality and disposal: one patient, one encounter or study.
//   - document: one file of a bundle, kept byte for byte.
//   - record: one document, envelope, capsule or entry as stored: one zstd frame in one age file, split into a
//     header (in a keyfile) and a payload (in a segment).
//   - segment: a write-once file of payloads ([SegmentWriter]).
//   - keyfile: the one rewritable file: the headers of one accession's records of one class, and the secret that
//     opens them, wrapped to people ([Keyfile]).
//   - capsule: the record that holds a bundle's digests and seeds, so that what its event commits to can be opened
//     ([Capsule]).
//   - entry: the record from which the index is rebuilt ([Entry]).
//   - event: one leaf of the log ([Event]).
//   - checkpoint: the signed size and root of the log ([Checkpoint]).
//   - accession: one committed intake (archivists' word): its segments, its keyfiles, its events.
//   - receipt: event, inclusion proof, checkpoint and the envelope's opening ([Receipt]).
//   - packet: what leaves the archive for one person, with its proofs ([PacketPath]).
//   - fact: a year or a yes/no that retention rules read ([Facts]).
//   - custodian: a person whose identity opens documents; an evidence officer's opens capsules only.
//   - policy: the pinned file of trust anchors given to a verifier (package verify).
package seal
