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
//   - act: the record of what an officer did about a patient's records, or what follows of it ([Act]): a fact, a hold, a
//     step, what a disposal leaves behind, which bundles a release named.
//   - event: one leaf of the log ([Event]).
//   - checkpoint: the signed size and root of the log ([Checkpoint]).
//   - accession: one committed intake (archivists' word): its segments, its keyfiles, its events.
//   - receipt: event, inclusion proof, checkpoint and the envelope's opening ([Receipt]).
//   - packet: what leaves the archive for one person, with its proofs ([PacketPath]).
//   - fact: a year or a yes/no that retention rules read ([Facts]); an officer's later one is an [Addition].
//   - file: all bundles of one patient, as far as their retention goes.
//   - schedule: the retention law of one country as data (package retention).
//   - ruling: what the law says of one bundle: first day of disposal, rule, schedule.
//   - hold: what keeps records although their term is over ([Hold]).
//   - step: notice, handing over or consent, before a disposal ([Step]).
//   - order: a list of rulings that two officers sign ([Order]); executing it is a disposal.
//   - shred: to destroy a record's header in every copy of its keyfile.
//   - night: the bundles that are stamped together ([Night]); wave: nights stamped again together ([Wave]); rehash: bundles
//     given another hash together ([Rehash]).
//   - evidence record: what proves to anyone that a document existed before a time (RFC 4998, [EvidenceRecord]).
//   - certificate: what an outsider can check of a disposal ([Certificate]).
//   - custodian: a person whose identity opens documents; an evidence officer's opens capsules only.
//   - policy: the pinned file of trust anchors given to a verifier (package verify).
package seal
