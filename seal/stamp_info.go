package seal

import (
	"crypto"
	"math/big"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte/asn1"
)

// StampInfo is a TSTInfo (RFC 3161 §2.4.2).
type StampInfo struct {
	Policy   string
	Hash     crypto.Hash // 0 if it is not ours
	Imprint  []byte
	Serial   *big.Int
	Time     time.Time
	Accuracy time.Duration // 0: the TSA does not say
	Nonce    *big.Int      // nil: none
	TSA      []byte        // DER of the directory name that the TSA gives itself; nil: none, or of another kind
	Unknown  []string      // critical extensions: we know none
}

var stampMillis, stampMicros = asn1.Tag(0).ContextSpecific(), asn1.Tag(1).ContextSpecific()

func readStampInfo(r *der) (t StampInfo) {
	in := r.open(asn1.SEQUENCE, "the TSTInfo")
	r.end("the TSTInfo")
	in.small(asn1.INTEGER, 1, 1, "the version of the TSTInfo")
	t.Policy = in.oid("the policy")
	t.Hash, t.Imprint = in.imprint()
	if t.Serial = in.integer(asn1.INTEGER, "the serial number"); t.Serial.BitLen() > 160 {
		r.fail("the serial number has more than 160 bits")
	}
	t.Time = in.genTime()
	if in.next(asn1.SEQUENCE) {
		t.Accuracy = in.accuracy()
	}
	in.boolean("ordering") // FALSE may be written out, against DER: it is signed as it is, and says the same
	if in.next(asn1.INTEGER) {
		t.Nonce = in.nonce()
	}
	if in.next(tag0) {
		t.TSA = in.directoryName()
	}
	if in.next(tag1) {
		t.Unknown = in.criticalExtensions()
	}
	in.end("the TSTInfo")
	return t
}

// genTime reads YYYYMMDDhhmmss[.s…]Z: UTC, with a fraction that does not end in 0 (RFC 3161 §2.4.2).
func (r *der) genTime() time.Time {
	s := string(r.open(asn1.GeneralizedTime, "genTime").rest)
	whole, fraction, has := strings.Cut(strings.TrimSuffix(s, "Z"), ".")
	t, err := time.Parse("20060102150405", whole)
	if !strings.HasSuffix(s, "Z") || err != nil || has && !isFraction(fraction) {
		r.fail("genTime %.40q is not a time in DER", s)
		return time.Time{}
	}
	if has {
		t, _ = time.Parse("20060102150405.999999999", whole+"."+fraction)
	}
	return t
}

// isFraction takes up to nine digits: time.Time has no more.
func isFraction(s string) bool {
	return s != "" && len(s) <= 9 && !strings.HasSuffix(s, "0") && strings.Trim(s, "0123456789") == ""
}

func (r *der) accuracy() time.Duration {
	in := r.open(asn1.SEQUENCE, "the accuracy")
	var d time.Duration
	if in.next(asn1.INTEGER) {
		d += time.Duration(in.small(asn1.INTEGER, 0, 1<<31-1, "the accuracy's seconds")) * time.Second
	}
	if in.next(stampMillis) {
		d += time.Duration(in.small(stampMillis, 1, 999, "the accuracy's milliseconds")) * time.Millisecond
	}
	if in.next(stampMicros) {
		d += time.Duration(in.small(stampMicros, 1, 999, "the accuracy's microseconds")) * time.Microsecond
	}
	in.end("the accuracy")
	return d
}

// directoryName reads the GeneralName that a TSA gives itself.
func (r *der) directoryName() []byte {
	directory := asn1.Tag(4).ContextSpecific().Constructed()
	in := r.open(tag0, "the TSA's name")
	if !in.next(directory) {
		return nil
	}
	return in.open(directory, "the TSA's name").element(asn1.SEQUENCE, "the TSA's name")
}

// criticalExtensions gives the identifiers of those that a reader who does not know them must refuse.
func (r *der) criticalExtensions() (list []string) {
	in := r.open(tag1, "the extensions")
	for in.more() {
		e := in.open(asn1.SEQUENCE, "an extension")
		id := e.oid("an extension")
		if e.boolean("the extension's criticality") {
			list = append(list, id)
		}
		e.octets("an extension")
		e.end("an extension")
	}
	return list
}
