package seal_test

import (
	"bytes"
	"fmt"
	"testing"

	"kartoteka/seal"
)

const (
	examplePerson = `"person":"6fc71919eb069779947927640c68e01afbff663a3f209057b00b6b56c0872588",`
	exampleStep   = `{"kind":"notice","bundles":[{"leaf":2,"for":"2047-01-01"}],"on":"2046-11-05","until":"2046-12-31","reference":"K-7/2046","officer":"archivist"}`
	orderRule     = `"citation":"UPP art. 29 ust. 1"}],`
	orderBundles  = `"bundles":[{"leaf":2,"documents":2,"due":"2047-01-01","rule":0}]`
	exampleList   = "e47a0f370f5be2c24ce0ce6fbddccac5e5b1098c66940062814df2871be72ebb" // rewrapping-1.json
	exampleTo     = "668badc1db76e46affb22d395d732e0b8eb0f06952360b607427266f0d78bc11" // recipients-1.json
	noDigest      = "0000000000000000000000000000000000000000000000000000000000000000"
	huge          = "9223372036854775807"
)

// otherRule is a rule beside the example's; it stands in the right place only after it.
func otherRule(schedule byte) string {
	return fmt.Sprintf(`"citation":"UPP art. 29 ust. 1"},{"schedule":"%x","id":"PL-X","citation":"x"}],`, bytes.Repeat([]byte{schedule}, 32))
}

const twoBundles = `"bundles":[{"leaf":2,"documents":2,"due":"2047-01-01","rule":0},{"leaf":3,"documents":1,"due":"2047-01-01","rule":1}]`

// disposalChanges are faults of what is written after the intake. In an order and a certificate they are faults of the
// signed text where it has them: who reads its form does not ask for signatures.
var disposalChanges = []change{
	{"generation-negative", "keyfile", "content-1.keys", `"generation":0`, `"generation":-1`, "a negative generation"},
	{"generation-older", "keyfile", "content-1-shredded.keys", `"generation":16`, `"generation":14`, "a generation older than the last rewriting"},
	{"generation-newer", "keyfile", "content-1-shredded.keys", `"generation":16`, `"generation":17`, "a generation that is no rewriting's"},
	{"wrapped-zero", "keyfile", "content-1-rewrapped.keys", `"generation":14,"wrapped":14`, `"generation":0,"wrapped":0`, "wrapped by event 0"},
	{"wrapped-null", "keyfile", "content-1.keys", `"generation":0`, `"generation":0,"wrapped":null`, "null for an event"},
	{"wrapped-later", "keyfile", "content-1-rewrapped.keys", `"generation":14,"wrapped":14`, `"generation":14,"wrapped":15`, "wrapped after the last rewriting"},
	{"wrapped-missing", "keyfile", "content-1-rewrapped.keys", `,"wrapped":14`, ``, "a generation that nothing explains"},
	{"shredded-with-segment", "keyfile", "content-1-shredded.keys", `{"n":0,`, `{"n":0,"segment":1,`, "a shredded record with its segment"},
	{"shredded-with-offset", "keyfile", "content-1-shredded.keys", `{"n":0,`, `{"n":0,"offset":20,`, "a shredded record with its offset"},
	{"shredded-with-length", "keyfile", "content-1-shredded.keys", `{"n":0,`, `{"n":0,"length":59,`, "a shredded record with its length"},
	{"shredded-number", "keyfile", "content-1-shredded.keys", `{"n":1,`, `{"n":2,`, "a shredded record with another's number"},
	{"shredded-by-nothing", "keyfile", "content-1-shredded.keys", `"order":16`, `"order":0`, "a record shredded by event 0"},
	{"shredded-later", "keyfile", "content-1-shredded.keys", `"order":16`, `"order":17`, "a record shredded after the last rewriting"},
	{"header-with-order", "keyfile", "content-1.keys", "\"}\n{\"n\":1", "\",\"order\":9}\n{\"n\":1", "a record with a header and an order"},
	{"neither", "keyfile", "content-1.keys", `{"n":0,"segment":1,"offset":20,"length":1380,"header"`, `{"n":0,"segment":1,"offset":20,"length":1380,"head"`, "a record without header and leaf"},

	{"act-of-another-kind", "event", "event-fact.json", `"kind":"fact"`, `"kind":"disposal"`, "an act under the kind of a disposal"},
	{"act-and-another", "event", "event-fact.json", `"act":{"record":0}`, `"act":{"record":0},"key":{"list":"0000000000000000000000000000000000000000000000000000000000000000","keyfiles":1}`, "two bodies, the first the kind's"},
	{"act-without-body", "event", "event-hold.json", `,"act":{"record":1}`, ``, "no body"},
	{"act-null", "event", "event-hold.json", `"act":{"record":1}`, `"act":null`, "null for a body"},
	{"act-record-negative", "event", "event-fact.json", `"record":0`, `"record":-1`, "a negative record number"},
	{"act-record-large", "event", "event-fact.json", `"record":0`, `"record":1099511627777`, "a record number beyond 2^40"},
	{"release-without-act", "event", "event-4-release.json", `,"act":0`, ``, "a release that names no act"},
	{"release-act-negative", "event", "event-4-release.json", `"act":0`, `"act":-1`, "a negative record number"},
	{"keyfile-sum-of-the-file", "event", "event-3-accession.json", `"secrets":"`, `"sha256":"`, "a digest of the file, not of the secrets"},
	{"hold-release-of-nothing", "event", "event-hold-release.json", `"hold":9`, `"hold":0`, "the end of no hold"},
	{"hold-release-twice", "event", "event-hold-release.json", `"name":"director"`, `"name":"archivist"`, "one officer twice"},
	{"hold-release-order", "event", "event-hold-release.json", `"name":"archivist"`, `"name":"zoe"`, "officers not in the order of their names"},
	{"hold-release-name", "event", "event-hold-release.json", `"name":"archivist"`, `"name":"Anna K"`, "an officer's name that is not a word"},
	{"hold-release-nobody", "event", "event-hold-release.json", `"officers":[`, `"officers":[],"more":[`, "no officer"},
	{"custody-twice", "event", "event-custody.json", `"name":"director"`, `"name":"archivist"`, "one officer twice"},
	{"custody-officers-null", "event", "event-custody.json", `"officers":[`, `"officers":null,"more":[`, "null for a list"},
	{"disposal-of-nothing", "event", "event-disposal.json", `"bundles":1`, `"bundles":0`, "a disposal of no bundle"},
	{"disposal-documents", "event", "event-disposal.json", `"documents":2`, `"documents":0`, "fewer documents than bundles"},
	{"key-of-nothing", "event", "event-key.json", `"keyfiles":1`, `"keyfiles":0`, "a list of no keyfile"},
	{"key-negative", "event", "event-key.json", `"keyfiles":1`, `"keyfiles":-1`, "a negative number of keyfiles"},
	{"key-without-list", "event", "event-key.json", exampleList, noDigest, "keyfiles, and no list of them"},
	{"key-to-nobody", "event", "event-key.json", exampleTo, noDigest, "no recipients"},
	{"key-without-to", "event", "event-key.json", `"to":"` + exampleTo + `",`, ``, "no recipients"},
	{"key-twice", "event", "event-key.json", `"name":"director"`, `"name":"archivist"`, "one officer twice"},
	{"key-nobody", "event", "event-key.json", `"officers":[`, `"officers":[],"more":[`, "no officer"},
	{"key-officers-null", "event", "event-key.json", `"officers":[`, `"officers":null,"more":[`, "null for a list"},
	{"key-unsigned", "event", "event-key.json", `"name":"director","signature":"`, `"name":"director","signature":"","more":"`, "an empty signature"},

	{"informed", "entry", "entry-1.json", `"versions":[]`, `"informed":26,"versions":[]`, "a year that is none"},
	{"informed-zero", "entry", "entry-1.json", `"versions":[]`, `"informed":0,"versions":[]`, "an optional member that is empty"},

	{"schema", "act", "act-released.json", "kartoteka/act/1", "kartoteka/act/2", "schema of another version"},
	{"event", "act", "act-released.json", `"event":4`, `"event":-4`, "of no event"},
	{"no-body", "act", "act-released.json", `,"released":[2]`, ``, "no body"},
	{"no-release", "act", "act-released.json", `"released":[2]`, `"released":[]`, "nothing released"},
	{"two-bodies", "act", "act-hold.json", `"hold":{`, `"fact":{"bundle":2,"facts":{"jurisdiction":"","case_closed_year":2030},"basis":"x","officer":"y"},"hold":{`, "two bodies"},
	{"two-bodies-of-person", "act", "act-carried.json", `"carried":`, `"fact":{"facts":{"jurisdiction":"","death_year":2040},"basis":"x","officer":"y"},"carried":`, "two bodies"},
	{"person-and-bundles", "act", "act-hold.json", `"hold":{`, examplePerson + `"hold":{`, "about a person and about bundles"},
	{"person-and-release", "act", "act-released.json", `"released"`, examplePerson + `"released"`, "a release about a person"},
	{"person-and-bundle-fact", "act", "act-fact.json", `"facts":{"jurisdiction":"","death_year":2040}`, `"bundle":2,"facts":{"jurisdiction":"","case_closed_year":2040}`, "a fact of one bundle about a person"},
	{"nobody", "act", "act-hold.json", `"bundles":[2],`, ``, "a hold about nobody"},
	{"nobody-fact", "act", "act-fact.json", examplePerson, ``, "a fact about nobody"},
	{"nobody-carried", "act", "act-carried.json", examplePerson, ``, "carried for nobody"},
	{"person-null", "act", "act-fact.json", examplePerson, `"person":null,`, "null for a person"},
	{"bundles-order", "act", "act-released.json", `[2]`, `[2,1]`, "bundles not in the order of the log"},
	{"bundle-twice", "act", "act-released.json", `[2]`, `[2,2]`, "a bundle twice"},
	{"bundle-negative", "act", "act-released.json", `[2]`, `[-1,2]`, "a negative leaf"},
	{"bundle-beyond", "act", "act-released.json", `[2]`, `[0,` + huge + `,-5,3]`, "leaves whose differences overflow"},
	{"step-bundle-twice", "act", "act-step.json", `{"leaf":2,"for":"2047-01-01"}`, `{"leaf":2,"for":"2047-01-01"},{"leaf":2,"for":"2048-01-01"}`, "a bundle twice"},
	{"hold-kind", "act", "act-hold.json", `court_or_prosecutor`, `just_so`, "an unknown kind of hold"},
	{"hold-basis", "act", "act-hold.json", `"basis":"I C 12/46"`, `"basis":""`, "a hold without a basis"},
	{"hold-ordered-by", "act", "act-hold.json", `"ordered_by":"Sąd Rejonowy"`, `"ordered_by":""`, "a hold that nobody ordered"},
	{"hold-review", "act", "act-hold.json", `2047-05-01`, `2045-05-01`, "a review before the start"},
	{"fact-none", "act", "act-fact.json", `,"death_year":2040`, ``, "no fact"},
	{"fact-basis", "act", "act-fact.json", `akt zgonu 12/2040`, ``, "a fact without a basis"},
	{"fact-officer", "act", "act-fact.json", `"officer":"archivist"`, `"officer":""`, "a fact that nobody added"},
	{"fact-of-bundle", "act", "act-fact.json", `"death_year":2040`, `"case_closed_year":2040`, "a fact of a bundle about a person"},
	{"step-kind", "act", "act-step.json", `"kind":"notice"`, `"kind":"prayer"`, "an unknown kind of step"},
	{"step-no-bundle", "act", "act-step.json", `[{"leaf":2,"for":"2047-01-01"}]`, `[]`, "a step for no bundle"},
	{"step-for", "act", "act-step.json", `"for":"2047-01-01"`, `"for":""`, "no day of disposal"},
	{"step-on", "act", "act-step.json", `"on":"2046-11-05"`, `"on":""`, "no day"},
	{"step-on-null", "act", "act-step.json", `"on":"2046-11-05"`, `"on":null`, "null for a day"},
	{"step-day", "act", "act-step.json", `"on":"2046-11-05"`, `"on":"2046-11-31"`, "a day that does not exist"},
	{"step-until", "act", "act-step.json", `"until":"2046-12-31",`, ``, "a notice without the end of its window"},
	{"step-until-before", "act", "act-step.json", `2046-12-31`, `2046-10-31`, "a window that ends before it opens"},
	{"step-officer", "act", "act-step.json", `"officer":"archivist"`, `"officer":""`, "a step that nobody took"},
	{"step-authority", "act", "act-step.json", `"reference"`, `"authority":"AP","reference"`, "a notice with an authority"},
	{"step-no-authority", "act", "act-step.json", exampleStep, `{"kind":"consent","bundles":[{"leaf":2,"for":"2047-01-01"}],"on":"2046-11-05","reference":"K-7/2046","officer":"archivist"}`, "a consent without an authority"},
	{"step-no-reference", "act", "act-step.json", exampleStep, `{"kind":"consent","bundles":[{"leaf":2,"for":"2047-01-01"}],"on":"2046-11-05","authority":"AP","officer":"archivist"}`, "a consent without a reference"},
	{"step-handed-over-until", "act", "act-step.json", `"kind":"notice"`, `"kind":"handed_over"`, "handed over, with the end of a window"},

	{"no-line-feed", "order", "order-1.json", "]}\n", "]}", "no line feed at the end"},
	{"crlf", "order", "order-1.json", "]}\n", "]}\r\n", "ends in CR LF"},
	{"two-line-feeds", "order", "order-1.json", "]}\n", "]}\n\n", "an empty line at the end"},
	{"white-space", "order", "order-1.json", `,"signatures"`, `, "signatures"`, "white space"},
	{"type", "order", "order-1.json", "kartoteka.order", "kartoteka.certificate", "of another type"},
	{"type-in-toto", "order", "order-1.json", seal.OrderType, seal.PayloadType, "of in-toto's type"},
	{"signer-twice", "order", "order-1.json", `"keyid":"director"`, `"keyid":"archivist"`, "one key id twice"},
	{"signers-order", "order", "order-1.json", `"keyid":"archivist"`, `"keyid":"zoe"`, "signatures not in the order of their key ids"},
	{"signer-nobody", "order", "order-1.json", `"keyid":"archivist"`, `"keyid":""`, "a signature of nobody"},
	{"signature-empty", "order", "order-1.json", `"signatures":[`, `"signatures":[{"keyid":"anna","sig":""},`, "an empty signature"},
	{"signature-null", "order", "order-1.json", `"signatures":[`, `"signatures":[{"keyid":"anna","sig":null},`, "null for a signature"},
	{"member-unknown", "order", "order-1.json", `"keyid":"archivist"`, `"cert":"","keyid":"archivist"`, "a member that signatures do not have"},
	{"schema", "order", "order-1.json", `kartoteka/order/1`, `kartoteka/order/2`, "schema of another version"},
	{"origin", "order", "order-1.json", `kartoteka.hospital.example/2026`, ``, "no log"},
	{"number", "order", "order-1.json", `B-1/2047`, ``, "no number"},
	{"size", "order", "order-1.json", `"size":16`, `"size":0`, "made in an empty log"},
	{"made", "order", "order-1.json", `"made":"2047-01-10"`, `"made":""`, "made on no day"},
	{"until", "order", "order-1.json", `2047-02-10`, `2047-01-09`, "ends before it was made"},
	{"until-missing", "order", "order-1.json", `"until":"2047-02-10",`, ``, "no end"},
	{"no-bundle", "order", "order-1.json", orderBundles, `"bundles":[]`, "no bundle"},
	{"bundles-null", "order", "order-1.json", orderBundles, `"bundles":null`, "null for a list"},
	{"bundle-twice", "order", "order-1.json", `"rule":0}]`, `"rule":0},{"leaf":2,"documents":2,"due":"2047-01-01","rule":0}]`, "a bundle twice"},
	{"bundles-order", "order", "order-1.json", `"rule":0}]`, `"rule":0},{"leaf":1,"documents":2,"due":"2047-01-01","rule":0}]`, "bundles not in the order of the log"},
	{"bundle-beyond", "order", "order-1.json", `"leaf":2`, `"leaf":16`, "a bundle beyond the log"},
	{"bundle-negative", "order", "order-1.json", `"leaf":2`, `"leaf":-2`, "a negative leaf"},
	{"bundle-empty", "order", "order-1.json", `"documents":2`, `"documents":0`, "a bundle of no document"},
	{"bundle-large", "order", "order-1.json", `"documents":2`, `"documents":1025`, "a bundle of too many documents"},
	{"bundle-due", "order", "order-1.json", `"due":"2047-01-01"`, `"due":""`, "a bundle without its day"},
	{"rule-none", "order", "order-1.json", `"rule":0`, `"rule":1`, "a bundle of no rule"},
	{"rule-negative", "order", "order-1.json", `"rule":0`, `"rule":-1`, "a negative rule"},
	{"rule-unused", "order", "order-1.json", orderRule, otherRule(0xff), "a rule of no bundle"},
	{"rules-order", "order", "order-1.json", orderRule + orderBundles, otherRule(0) + twoBundles, "rules not in their order"},
	{"rule-twice", "order", "order-1.json", orderRule, `"citation":"UPP art. 29 ust. 1"},{"schedule":"` + fmt.Sprintf("%x", fixed("schedule")) + `","id":"PL-20-GENERAL","citation":"x"}],`, "a rule twice"},
	{"rule-id", "order", "order-1.json", `"id":"PL-20-GENERAL"`, `"id":""`, "a rule without its id"},
	{"rule-citation", "order", "order-1.json", `"citation":"UPP art. 29 ust. 1"`, `"citation":""`, "a rule that cites no law"},
	{"acts-order", "order", "order-1.json", `[4,8,9,10]`, `[8,4,9,10]`, "acts not in the order of the log"},
	{"acts-twice", "order", "order-1.json", `[4,8,9,10]`, `[4,8,8,10]`, "an act twice"},
	{"acts-negative", "order", "order-1.json", `[4,8,9,10]`, `[-4,8,9,10]`, "a negative leaf"},
	{"acts-beyond", "order", "order-1.json", `[4,8,9,10]`, `[4,8,9,16]`, "an act beyond the log"},
	{"acts-overflow", "order", "order-1.json", `[4,8,9,10]`, `[0,` + huge + `,-5,10]`, "leaves whose differences overflow"},
	{"acts-null", "order", "order-1.json", `[4,8,9,10]`, `null`, "null for a list"},
	{"released-missing", "order", "order-1.json", `,"released":[4]`, ``, "no list of releases"},
	{"released-order", "order", "order-1.json", `"released":[4]`, `"released":[4,4]`, "a release twice"},
	{"released-beyond", "order", "order-1.json", `"released":[4]`, `"released":[16]`, "a release beyond the log"},

	{"no-line-feed", "certificate", "certificate-1.json", "]}\n", "]}", "no line feed at the end"},
	{"type", "certificate", "certificate-1.json", "kartoteka.certificate", "kartoteka.order", "of another type"},
	{"schema", "certificate", "certificate-1.json", `kartoteka/certificate/1`, `kartoteka/certificate/2`, "schema of another version"},
	{"controller", "certificate", "certificate-1.json", `Szpital Testowy`, ``, "no controller"},
	{"system", "certificate", "certificate-1.json", `"name":"kartoteka"`, `"name":""`, "no system"},
	{"event", "certificate", "certificate-1.json", `"event":"{`, `"event":"","x":"{`, "no event"},
	{"bundle-twice", "certificate", "certificate-1.json", `"bundles":[`, `"bundles":[{"leaf":2,"id":"0000000000000000000000000000000000000000000000000000000000000000","root":"0000000000000000000000000000000000000000000000000000000000000000","leaves":2,"time":"2026-11-21T20:00:00Z"},`, "a bundle twice"},
	{"segments-null", "certificate", "certificate-1.json", `"segments":[{"accession":"2026/11/21-0002","segment":1},{"accession":"2026/11/22-0001","segment":1},{"accession":"2046/11/05-0001","segment":1}]`, `"segments":null`, "null for a list"},
	{"keyfile-class", "certificate", "certificate-1.json", `"class":"content"`, `"class":"other"`, "an unknown class"},
	{"keyfile-generation", "certificate", "certificate-1.json", `"generation":16`, `"generation":0`, "a keyfile that was never rewritten"},
	{"keyfile-nothing", "certificate", "certificate-1.json", `"shredded":[0,1,2]`, `"shredded":[]`, "a keyfile that lost nothing"},
	{"keyfile-numbers", "certificate", "certificate-1.json", `"shredded":[0,1,2]`, `"shredded":[0,2,1]`, "numbers not in order"},
	{"keyfile-negative", "certificate", "certificate-1.json", `"shredded":[0,1,2]`, `"shredded":[-1,1,2]`, "a negative number"},
	{"keyfile-overflow", "certificate", "certificate-1.json", `"shredded":[0,1,2]`, `"shredded":[0,` + huge + `,-5]`, "numbers whose differences overflow"},
	{"copy-kind", "certificate", "certificate-1.json", `{"kind":"local","where":"keyfiles",`, `{"kind":"","where":"keyfiles",`, "a copy of no kind"},
	{"copy-state", "certificate", "certificate-1.json", `"state":"unknown"`, `"state":""`, "a copy in no state"},
	{"copy-release", "certificate", "certificate-1.json", `"event":4,"time"`, `"time"`, "a release that is no event"},
	{"copy-event", "certificate", "certificate-1.json", `{"kind":"offline"`, `{"kind":"offline","event":4,"time":"2026-11-22T10:00:00Z"`, "an event of what is no release"},

	{"schema", "rewrapping", "rewrapping-1.json", `kartoteka/rewrapping/1`, `kartoteka/rewrapping/2`, "schema of another version"},
	{"class", "rewrapping", "rewrapping-1.json", `"class":"content"`, `"class":"other"`, "an unknown class"},
	{"class-null", "rewrapping", "rewrapping-1.json", `"class":"content"`, `"class":null`, "null for a class"},
	{"accession-null", "rewrapping", "rewrapping-1.json", `"accession":"2026/11/21-0002"`, `"accession":null`, "null for an accession"},
	{"twice", "rewrapping", "rewrapping-1.json", `"keyfiles":[`, `"keyfiles":[{"accession":"2026/11/21-0002","class":"content","secrets":"0000000000000000000000000000000000000000000000000000000000000000"},`, "a keyfile twice"},
	{"order", "rewrapping", "rewrapping-1.json", `"keyfiles":[`, `"keyfiles":[{"accession":"2026/11/21-0002","class":"index","secrets":"0000000000000000000000000000000000000000000000000000000000000000"},`, "classes not in their order"},
	{"nothing", "rewrapping", "rewrapping-1.json", `"keyfiles":[`, `"keyfiles":[],"more":[`, "no keyfile"},

	{"schema", "transfer", "transfer-1.json", `kartoteka/transfer/1`, `kartoteka/transfer/2`, "schema of another version"},
	{"origin", "transfer", "transfer-1.json", exampleOrigin, ``, "no log"},
	{"from", "transfer", "transfer-1.json", `Szpital Testowy`, ``, "from nobody"},
	{"to", "transfer", "transfer-1.json", `Archiwum Testowe`, ``, "to nobody"},
	{"country", "transfer", "transfer-1.json", `"Archiwum Testowe","country":"PL"`, `"Archiwum Testowe","country":"Poland"`, "a country that is no code"},
	{"basis", "transfer", "transfer-1.json", `UPP art. 30a`, ``, "on no basis"},
	{"on", "transfer", "transfer-1.json", `2047-02-01`, ``, "on no day"},
	{"on-null", "transfer", "transfer-1.json", `"2047-02-01"`, `null`, "null for a day"},

	{"officer-role", "policy", "policy-2.json", `"disposal"`, `"everything"`, "an unknown role"},
	{"officer-name", "policy", "policy-2.json", `"name": "director"`, `"name": "Anna K"`, "an officer's name that is not a word"},
	{"schedule", "policy", "policy-2.json", `"schedules": []`, `"schedules": ["PL"]`, "a schedule that is no digest"},
}

// signedBody makes a fault in the payload of a signed file.
func signedBody(t testing.TB, c change, base []byte) []byte {
	t.Helper()
	payloadType := seal.OrderType
	if c.format == "certificate" {
		payloadType = seal.CertificateType
	}
	s, err := seal.ParseSigned(base, payloadType)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(s.Payload, []byte(c.old)) {
		t.Fatalf("%s-%s: %s has no %q", c.format, c.name, c.base, c.old)
	}
	s.Payload = bytes.Replace(s.Payload, []byte(c.old), []byte(c.new), 1)
	return first(s.Marshal())
}
