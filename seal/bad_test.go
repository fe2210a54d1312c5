package seal_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"kartoteka/seal"
	"kartoteka/verify"
)

// readers are the parsers by format, as a bad vector's header names them.
func readers(t testing.TB) map[string]func([]byte) error {
	_, vkey := noteKey(fixed("log"), exampleOrigin)
	log, err := note.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	envelope := seal.Digest{}
	for _, o := range mustOpenings(t) {
		if o.Index == 0 {
			envelope = o.SHA256
		}
	}
	return map[string]func([]byte) error{
		"event":      func(b []byte) error { _, err := seal.ParseEvent(b); return err },
		"keyfile":    func(b []byte) error { _, err := seal.ParseKeyfile(b); return err },
		"capsule":    func(b []byte) error { _, err := seal.ParseCapsule(b); return err },
		"entry":      func(b []byte) error { _, err := seal.ParseEntry(b); return err },
		"statement":  func(b []byte) error { _, err := seal.ParseStatement(b); return err },
		"envelope":   func(b []byte) error { _, err := seal.ParseEnvelope(b); return err },
		"checkpoint": func(b []byte) error { _, err := seal.OpenCheckpoint(b, exampleOrigin, log); return err },
		"proof": func(b []byte) error {
			p, err := seal.ParseProof(b)
			if err == nil {
				_, err = p.Check(vector(t, "event-2-bundle.json"), exampleOrigin, log)
			}
			return err
		},
		"receipt": func(b []byte) error {
			r, err := seal.ParseReceipt(b)
			if err == nil {
				_, _, err = r.Check(envelope, exampleOrigin, log)
			}
			return err
		},
		"release":     func(b []byte) error { _, err := seal.ParseReleaseEntry(b); return err },
		"recipients":  func(b []byte) error { _, err := seal.ParseRecipients(b); return err },
		"packet":      func(b []byte) error { _, err := seal.ParsePacket(b); return err },
		"openings":    func(b []byte) error { _, err := seal.ParseOpenings(b); return err },
		"policy":      func(b []byte) error { _, err := verify.ParsePolicy(b); return err },
		"act":         func(b []byte) error { _, err := seal.ParseAct(b); return err },
		"order":       func(b []byte) error { _, _, err := seal.ParseOrder(b); return err },
		"certificate": func(b []byte) error { _, _, err := seal.ParseCertificate(b); return err },
		"rewrapping":  func(b []byte) error { _, err := seal.ParseRewrapping(b); return err },
		"transfer":    func(b []byte) error { _, err := seal.ParseTransfer(b); return err },
		"header":      seal.CheckHeader,
		"segment": func(b []byte) error {
			e, err := seal.ParseEvent(vector(t, "event-3-accession.json"))
			if err == nil {
				err = seal.CheckSegment(bytes.NewReader(b), e.Accessioned.Segments[0])
			}
			return err
		},
	}
}

func mustOpenings(t testing.TB) []seal.Opening {
	o, err := seal.ParseOpenings(vector(t, "openings-1.json"))
	if err != nil {
		t.Fatal(err)
	}
	return o.Openings
}

// good says which vectors each reader accepts.
var good = map[string][]string{
	"event":   append([]string{"event-rejected.json", "event-release-void.json", "event-segment-retired.json", "event-clock.json", "event-carried.json"}, exampleLog...),
	"keyfile": {"content-1.keys", "evidence-1.keys", "index-1.keys", "content-2.keys", "index-2.keys", "index-3.keys", "content-1-rewrapped.keys", "content-1-shredded.keys"},
	"act":     {"act-fact.json", "act-hold.json", "act-step.json", "act-carried.json", "act-released.json"},
	"order":   {"order-1.json"}, "certificate": {"certificate-1.json"}, "rewrapping": {"rewrapping-1.json"}, "transfer": {"transfer-1.json"},
	"capsule": {"capsule-1.json"}, "entry": {"entry-1.json"}, "statement": {"statement-1.json"}, "envelope": {"envelope-1.json"},
	"checkpoint": {"checkpoint-1.txt", "checkpoint-2.txt", "checkpoint-3.txt"}, "proof": {"proof-1.txt", "proof-2.txt"}, "receipt": {"receipt-1.json"},
	"release": {"release-1.json"}, "recipients": {"recipients-1.json"}, "packet": {"packet-1.json"}, "openings": {"openings-1.json"},
	"policy": {"policy-1.json", "policy-2.json", "policy-3.json"}, "segment": {"segment-1.segment"},
}

func TestReadersAccept(t *testing.T) {
	read := readers(t)
	for format, names := range good {
		for _, name := range names {
			if err := read[format](vector(t, name)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// people may lay out these as they like.
var people = map[string]bool{"receipt": true, "recipients": true, "policy": true, "rewrapping": true, "transfer": true}

func TestReadersRefuseEveryCut(t *testing.T) {
	read := readers(t)
	for format, names := range good {
		for _, name := range names {
			data := vector(t, name)
			end := len(data)
			if people[format] {
				end-- // the last line feed is layout
			}
			for n := range end {
				if read[format](data[:n]) == nil {
					t.Fatalf("%s cut to %d bytes of %d is accepted", name, n, len(data))
				}
			}
		}
	}
}

func TestReadersRefuseSurroundings(t *testing.T) {
	read := readers(t)
	for format, names := range good {
		data := vector(t, names[0])
		for _, tail := range []string{"x", "{}", "\x00", "\n\n", " "} {
			err := read[format](append(bytes.Clone(data), tail...))
			lenient := (people[format] || format == "statement" || format == "envelope") && strings.TrimSpace(tail) == ""
			if (err == nil) != lenient {
				t.Errorf("%s followed by %q: %v", names[0], tail, err)
			}
		}
		if err := read[format](nil); err == nil {
			t.Errorf("%s: nothing is accepted", format)
		}
	}
}

// change is one fault made by replacing text that stands in a vector.
type change struct{ name, format, base, old, new, why string }

// changes are all of them.
var changes = slices.Concat(intakeChanges, disposalChanges)

var intakeChanges = []change{
	{"schema", "event", "event-2-bundle.json", "kartoteka/event/1", "kartoteka/event/2", "schema of another version"},
	{"member-twice", "event", "event-2-bundle.json", `"kind":"bundle",`, `"kind":"bundle","kind":"bundle",`, "a member named twice"},
	{"member-twice-by-case", "event", "event-unknown.json", `"kind":"stamp",`, `"kind":"stamp","Kind":"stamp",`, "a member named twice, once in upper case"},
	{"member-case", "event", "event-unknown.json", `"kind"`, `"Kind"`, "a known member spelled another way"},
	{"member-long-s", "event", "event-unknown.json", `"schema"`, `"ſchema"`, "a known member spelled with U+017F, which folds to s"},
	{"member-unknown", "event", "event-2-bundle.json", `"kind":"bundle",`, `"kind":"bundle","note":1,`, "a member that the kind does not have"},
	{"member-order", "event", "event-clock.json", `"schema":"kartoteka/event/1","kind":"clock"`, `"kind":"clock","schema":"kartoteka/event/1"`, "members in another order"},
	{"white-space", "event", "event-2-bundle.json", `"kind":"bundle"`, `"kind": "bundle"`, "white space"},
	{"escape", "event", "event-2-bundle.json", `"kind":"bundle"`, `"kind":"bundl\u0065"`, "a needless escape"},
	{"null-list", "event", "event-1-accession.json", `"segments":[]`, `"segments":null`, "null for a list"},
	{"two-bodies", "event", "event-clock.json", `"clock":{`, `"rejected":{"id":"0123456789abcdef","code":"signature"},"clock":{`, "two bodies"},
	{"other-body", "event", "event-clock.json", `"kind":"clock"`, `"kind":"bundle"`, "the body of another kind"},
	{"time-fraction", "event", "event-unknown.json", `08:00:00Z`, `08:00:00.0Z`, "time with a fraction"},
	{"time-short-hour", "event", "event-unknown.json", `T08:00:00Z`, `T8:00:00Z`, "time with a one-digit hour"},
	{"time-zone", "event", "event-unknown.json", `08:00:00Z`, `08:00:00+00:00`, "time with an offset"},
	{"unknown-without-accession", "event", "event-unknown.json", `"accession":"2026/11/23-0001",`, ``, "an event of an unknown kind without accession"},
	{"unknown-without-time", "event", "event-unknown.json", `"time":"2026-11-23T08:00:00Z",`, ``, "an event of an unknown kind without time"},
	{"unknown-kind-of-words", "event", "event-unknown.json", `"kind":"stamp"`, `"kind":"Kowalska Anna"`, "a kind that is not a word"},
	{"accession-date", "event", "event-unknown.json", `2026/11/23-0001`, `2026/11/31-0001`, "accession on a day that does not exist"},
	{"accession-zero", "event", "event-unknown.json", `2026/11/23-0001`, `2026/11/23-0000`, "accession number 0"},
	{"accession-leading-zero", "event", "event-unknown.json", `2026/11/23-0001`, `2026/11/23-00001`, "accession number with a needless zero"},
	{"count-zero", "event", "event-2-bundle.json", `"count":2`, `"count":0`, "bundle of no document"},
	{"count-large", "event", "event-2-bundle.json", `"count":2`, `"count":1025`, "bundle of too many documents"},
	{"count-fraction", "event", "event-2-bundle.json", `"count":2`, `"count":2.0`, "number with a fraction"},
	{"count-exponent", "event", "event-2-bundle.json", `"count":2`, `"count":2e0`, "number with an exponent"},
	{"record-negative", "event", "event-2-bundle.json", `"capsule":0`, `"capsule":-1`, "negative record number"},
	{"digest-upper-case", "event", "event-2-bundle.json", `"id":"062d39`, `"id":"062D39`, "digest in upper case"},
	{"digest-short", "event", "event-2-bundle.json", `"id":"062d39`, `"id":"2d39`, "digest too short"},
	{"digest-null", "event", "event-0-trust.json", `"before":"0000000000000000000000000000000000000000000000000000000000000000"`, `"before":null`, "null for a digest"},
	{"segment-number", "event", "event-3-accession.json", `"n":1`, `"n":2`, "segments not numbered from 1"},
	{"keyfile-class", "event", "event-3-accession.json", `"class":"index"`, `"class":"other"`, "unknown keyfile class"},
	{"keyfile-twice", "event", "event-3-accession.json", `"class":"index"`, `"class":"evidence"`, "a keyfile class twice"},
	{"keyfile-empty", "event", "event-3-accession.json", `"class":"content","records":3`, `"class":"content","records":0`, "a keyfile without records"},
	{"code-with-text", "event", "event-rejected.json", `"code":"signature"`, `"code":"Kowalska Anna"`, "a code that is not a word of ours"},
	{"custodian-name", "event", "event-4-release.json", `"custodian":"`, `"custodian":"J. Nowak `, "a custodian that is not a fingerprint"},

	{"spec", "keyfile", "content-1.keys", "kartoteka/keyfile/1\n", "kartoteka/keyfile/2\n", "spec line of another version"},
	{"crlf", "keyfile", "content-1.keys", "kartoteka/keyfile/1\n", "kartoteka/keyfile/1\r\n", "line ends in CR LF"},
	{"class", "keyfile", "content-1.keys", `"class":"content"`, `"class":"contents"`, "unknown class"},
	{"generation", "keyfile", "content-1.keys", `"generation":0`, `"generation":1`, "a generation that nothing explains"},
	{"no-secret", "keyfile", "content-1.keys", `"secrets":1`, `"secrets":0`, "no wrapped secret"},
	{"secrets-claimed", "keyfile", "content-1.keys", `"secrets":1`, `"secrets":1000000000`, "more secrets claimed than there are"},
	{"records-claimed", "keyfile", "content-1.keys", `"records":3`, `"records":1000000000`, "more records claimed than there are"},
	{"records-fewer", "keyfile", "content-1.keys", `"records":3`, `"records":2`, "a record after the last"},
	{"to", "keyfile", "content-1.keys", `{"to":"`, `{"to":"Nowak`, "a recipient that is not a fingerprint"},
	{"number", "keyfile", "content-1.keys", `{"n":1,`, `{"n":2,`, "records not numbered from 0"},
	{"offset", "keyfile", "content-1.keys", `"offset":20,`, `"offset":19,`, "payload begins inside the first line of the segment"},
	{"segment", "keyfile", "content-1.keys", `{"n":0,"segment":1`, `{"n":0,"segment":0`, "segment 0"},
	{"header-work-factor", "keyfile", "content-1.keys", `"header":"YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IHNjcnlwdC`, `"header":"YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOS`, "header with another stanza"},
	{"shredded-with-header", "keyfile", "content-1-shredded.keys", `{"n":0,`, `{"n":0,"header":"YQ==",`, "a shredded record with a header"},
	{"shredded-without-order", "keyfile", "content-1-shredded.keys", `,"order":16`, ``, "a shredded record without its order"},
	{"unknown-member", "keyfile", "content-1.keys", `{"n":0,`, `{"n":0,"name":"x",`, "a member that records do not have"},

	{"role-first", "capsule", "capsule-1.json", `"role":"envelope"`, `"role":"document"`, "the first item is no envelope"},
	{"role-later", "capsule", "capsule-1.json", `"role":"document"`, `"role":"envelope"`, "two envelopes"},
	{"size", "capsule", "capsule-1.json", `"size":59`, `"size":0`, "an item of no bytes"},
	{"bundle", "capsule", "capsule-1.json", `"bundle":"4f1c9a52-6d1b-4a39-9f40-0d5a8a1c7e01"`, `"bundle":""`, "no bundle id"},
	{"schema", "capsule", "capsule-1.json", "kartoteka/capsule/1", "kartoteka/capsule/0", "schema of another version"},

	{"person-without-number", "entry", "entry-1.json", `"number":1`, `"number":0`, "a person without a number"},
	{"number-negative", "entry", "entry-1.json", `"number":1`, `"number":-1`, "a negative number"},
	{"month", "entry", "entry-1.json", `"2026-11"`, `"2026-13"`, "a month that does not exist"},
	{"classes", "entry", "entry-1.json", `["discharge","laboratory"]`, `["laboratory","discharge"]`, "a list that is not sorted"},
	{"version", "entry", "entry-1.json", `"versions":[]`, `"versions":[{"document":3,"version":"1"}]`, "a version of no document"},
	{"opening", "entry", "entry-1.json", `"role":"envelope"`, `"role":"document"`, "an opening that is not the envelope's"},
	{"blind-null", "entry", "entry-1.json", `"versions":[]`, `"versions":null`, "null for a list"},

	{"type", "statement", "statement-1.json", "https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1", "another statement type"},
	{"predicate", "statement", "statement-1.json", "urn:kartoteka:bundle:1", "urn:kartoteka:bundle:2", "another predicate type"},
	{"subject-case", "statement", "statement-1.json", `"subject"`, `"Subject"`, "a known member spelled another way"},
	{"subject-outside", "statement", "statement-1.json", `"name":"documents/letter.txt"`, `"name":"letter.txt"`, "a subject outside documents/"},
	{"subject-traversal", "statement", "statement-1.json", `"name":"documents/letter.txt"`, `"name":"documents/../letter.txt"`, "a subject that leaves its folder"},
	{"subject-twice", "statement", "statement-1.json", `"name":"documents/letter.txt"`, `"name":"documents/result.txt"`, "a subject listed twice"},
	{"subject-no-digest", "statement", "statement-1.json", `"sha256":"86`, `"sha1":"86`, "a subject without SHA-256"},
	{"document-unknown", "statement", "statement-1.json", `"path":"documents/letter.txt"`, `"path":"documents/lettre.txt"`, "a description of no subject"},
	{"mixed", "statement", "statement-1.json", `"class":"discharge"`, `"class":"referral"`, "two retention units in one bundle"},
	{"mixed-confidentiality", "statement", "statement-1.json", `"class":"discharge"`, `"class":"discharge","confidentiality":"V"`, "two confidentialities in one bundle"},
	{"class-control", "statement", "statement-1.json", `"class":"discharge"`, `"class":"dis\ncharge"`, "a class of two lines"},
	{"bundle-id", "statement", "statement-1.json", `4f1c9a52-6d1b-4a39-9f40-0d5a8a1c7e01`, `1`, "a bundle id of one character"},
	{"kind", "statement", "statement-1.json", `"kind":"inpatient"`, `"kind":"stay"`, "unknown encounter kind"},
	{"dates", "statement", "statement-1.json", `"end":"2026-11-05"`, `"end":"2026-10-05"`, "an encounter that ends before it starts"},
	{"surrogate", "statement", "statement-1.json", `Kowalska`, `Kowalsk\ud800`, "half of a surrogate pair"},
	{"utf-8", "statement", "statement-1.json", `Kowalska`, "Kowalsk\xff", "text that is not UTF-8"},

	{"media-type", "envelope", "envelope-1.json", "bundle.v0.3+json", "bundle+json;version=0.2", "a Sigstore bundle of another version"},
	{"message", "envelope", "envelope-1.json", `"dsseEnvelope":`, `"messageSignature":{},"dsseEnvelope":`, "something beside the DSSE envelope"},
	{"no-dsse", "envelope", "envelope-1.json", `"dsseEnvelope":`, `"dsse":`, "no DSSE envelope"},
	{"chain", "envelope", "envelope-1.json", `"verificationMaterial":{`, `"verificationMaterial":{"x509CertificateChain":{},`, "a certificate chain"},
	{"key-and-certificate", "envelope", "envelope-1.json", `"verificationMaterial":{`, `"verificationMaterial":{"certificate":{"rawBytes":"AAAA"},`, "both a key and a certificate"},
	{"no-signature", "envelope", "envelope-1.json", `"signatures":[`, `"signatures":[],"ignored":[`, "no signature"},
	{"two-signatures", "envelope", "envelope-1.json", `"signatures":[`, `"signatures":[{"sig":"AAAA"},`, "two signatures"},

	{"origin", "checkpoint", "checkpoint-1.txt", "kartoteka.hospital.example/2026\n4\n", "kartoteka.other.example/2026\n4\n", "another origin"},
	{"size", "checkpoint", "checkpoint-1.txt", "2026\n4\n", "2026\n5\n", "another size"},
	{"size-zeros", "checkpoint", "checkpoint-1.txt", "2026\n4\n", "2026\n04\n", "a size with a needless zero"},
	{"extension", "checkpoint", "checkpoint-1.txt", "\n\n", "\nextension\n\n", "an extension line"},
	{"key-hash", "checkpoint", "checkpoint-1.txt", "2026 SWv1x", "2026 SWv1w", "the key hash of an unknown key"},
	{"signature-spare-bits", "checkpoint", "checkpoint-1.txt", "FBwc=\n", "FBwd=\n", "base64 with a spare bit set"},
	{"no-signature", "checkpoint", "checkpoint-1.txt", "— kartoteka", "kartoteka", "a signature line without its dash"},

	{"index", "proof", "proof-1.txt", "index 2\n", "index 3\n", "the index of another leaf"},
	{"index-zeros", "proof", "proof-1.txt", "index 2\n", "index 02\n", "an index with a needless zero"},
	{"index-outside", "proof", "proof-1.txt", "index 2\n", "index 4\n", "an index that is not under the checkpoint"},
	{"extra", "proof", "proof-1.txt", "index 2\n", "extra AAAA\nindex 2\n", "an extra line, which version 1 does not write"},
	{"spec", "proof", "proof-1.txt", "tlog-proof@v1", "tlog-proof@v2", "another version"},
	{"hash", "proof", "proof-1.txt", "\n1Qh/", "\n1Qh+", "another hash"},

	{"opening-index", "receipt", "receipt-1.json", `"index":0`, `"index":1`, "the opening of a document"},
	{"opening-salt", "receipt", "receipt-1.json", `"salt":"0`, `"salt":"1`, "another salt"},
	{"event", "receipt", "receipt-1.json", `\"count\":2`, `\"count\":3`, "another event"},
	{"schema", "receipt", "receipt-1.json", "kartoteka/receipt/1", "kartoteka/receipt/2", "schema of another version"},

	{"schema", "release", "release-1.json", "kartoteka/release/1", "", "no schema"},
	{"requester", "release", "release-1.json", `"name":"Anna Kowalska"`, `"name":""`, "nobody received it"},
	{"last4", "release", "release-1.json", `"last4":"1234"`, `"last4":"12345"`, "more of an identity document's number than the register keeps"},

	{"role", "recipients", "recipients-1.json", `"role":"index"`, `"role":"daemon"`, "unknown role"},
	{"no-index", "recipients", "recipients-1.json", `"role":"index"`, `"role":"custodian"`, "no index identity"},
	{"no-custodian", "recipients", "recipients-1.json", `"role":"custodian"`, `"role":"evidence"`, "no custodian"},
	{"age", "recipients", "recipients-1.json", `"age":"age1pq1`, `"age":"age1xx1`, "not an age recipient"},

	{"folder", "packet", "packet-1.json", `PROOF/B00001/`, `PROOF/B00002/`, "a folder that is not the bundle's number"},
	{"path", "packet", "packet-1.json", `DOC00002.TXT`, `DOC00003.TXT`, "a path that is not the document's number"},
	{"path-elsewhere", "packet", "packet-1.json", `IHE_XDM/SUBSET01/DOC00002.TXT`, `README.TXT`, "a document in the place of another file"},
	{"index-twice", "packet", "packet-1.json", `"index":2`, `"index":1`, "one document twice"},
	{"index-envelope", "packet", "packet-1.json", `"index":1`, `"index":0`, "the envelope as a document"},
	{"left-out", "packet", "packet-1.json", `"left_out":0`, `"left_out":-1`, "a negative count"},

	{"order", "openings", "openings-1.json", `"index":2`, `"index":1`, "one opening twice"},
	{"path-null", "openings", "openings-1.json", `"path":[`, `"path":null,"hashes":[`, "null for a list"},

	{"log-key", "policy", "policy-1.json", `+496bf5c6+`, `+496bf5c7+`, "a log key whose hash is not its own"},
	{"no-log-key", "policy", "policy-1.json", `"log_keys": [`, `"log_keys": [], "ignored": [`, "no log key"},
	{"origin", "policy", "policy-1.json", `"origin": "kartoteka.hospital.example/2026"`, `"origin": ""`, "no origin"},
	{"member-case", "policy", "policy-1.json", `"producers"`, `"Producers"`, "a member spelled another way"},
	{"key-and-chain", "policy", "policy-1.json", `"name": "his",`, `"name": "his", "chain": "x",`, "a producer with both key and chain"},
	{"window", "policy", "policy-1.json", `"name": "his",`, `"name": "his", "from": "2026-01-01T00:00:00Z", "until": "2026-01-01T00:00:00Z",`, "trust that ends before it begins"},

	{"magic", "segment", "segment-1.segment", "kartoteka/segment/1\n", "kartoteka/segment/2\n", "first line of another version"},
	{"flipped", "segment", "segment-1.segment", "kartoteka/segment/1\n", "kartoteka/segment/1 ", "a changed byte"},
}

func badFile(c change) string { return filepath.Join(vectors, "bad", c.format+"-"+c.name+".txt") }

// badBody makes the bytes of a bad vector.
func badBody(t testing.TB, c change) []byte {
	base := vector(t, c.base)
	if !bytes.Contains(base, []byte(c.old)) && (c.format == "order" || c.format == "certificate") {
		return signedBody(t, c, base)
	}
	if !bytes.Contains(base, []byte(c.old)) {
		t.Fatalf("%s-%s: %s has no %q", c.format, c.name, c.base, c.old)
	}
	return bytes.Replace(base, []byte(c.old), []byte(c.new), 1)
}

// TestBadVectors runs every file of bad/: a header of "key: value" lines, an empty line, and the bytes a reader of the
// format must refuse.
func TestBadVectors(t *testing.T) {
	if *update {
		for _, c := range changes {
			head := fmt.Sprintf("format: %s\nexpect: refused\nfault: %s\n\n", c.format, c.why)
			if err := os.WriteFile(badFile(c), append([]byte(head), badBody(t, c)...), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	read := readers(t)
	files, err := filepath.Glob(filepath.Join(vectors, "bad", "*.txt"))
	if err != nil || len(files) < len(changes) {
		t.Fatalf("%d files for %d faults: %v", len(files), len(changes), err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		head, body, _ := bytes.Cut(data, []byte("\n\n"))
		fields := map[string]string{}
		for line := range strings.Lines(string(head) + "\n") {
			k, v, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
			fields[k] = v
		}
		if fields["expect"] != "refused" || read[fields["format"]] == nil {
			t.Fatalf("%s: header %q", f, head)
		}
		if err := read[fields["format"]](body); err == nil || errors.Is(err, seal.ErrUnknownKind) {
			t.Errorf("%s (%s): %v", filepath.Base(f), fields["fault"], err)
		}
	}
}
