package archive_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"kartoteka/archive"
	"kartoteka/archive/archivetest"
	"kartoteka/archive/reading"
	"kartoteka/archive/stamper"
	"kartoteka/archive/stamper/stampertest"
	"kartoteka/seal"
	"kartoteka/verify"
)

const (
	oneDay  = 24 * time.Hour
	oneYear = 365 * oneDay
)

// authority is a time-stamp authority that lives long: every year it has a new key and a certificate of three years.
type authority struct {
	*stampertest.TSA
	name   string
	caKey  *ecdsa.PrivateKey
	digest crypto.Hash // in its tokens and under its certificates
	gone   bool
}

// longRun is an archive over forty years.
type longRun struct {
	*stampWorld
	year        int
	officer     *age.HybridIdentity
	authorities []*authority
	table       []verify.Algorithm
	skip        map[archive.Awaited]bool // what somebody forgets to renew
	nights      map[int]seal.LeafIndex   // the last one of each year
	waves       int
}

// The years in which something happens.
const (
	years          = 40
	yearForgotten  = 3  // its night is renewed until year 5, and never again
	yearLeftOut    = 4  // its night is left out when hash trees are renewed
	yearCustodian  = 5  // and 22
	yearVanished   = 11 // an authority disappears; from year 14 there is another
	yearLogKey     = 12 // and 30
	yearRehash     = 16
	yearSHA256Ends = 17
)

func newLongRun(t *testing.T) *longRun {
	w := &longRun{stampWorld: &stampWorld{t: t}, skip: map[archive.Awaited]bool{}, nights: map[int]seal.LeafIndex{}}
	w.Archive = archivetest.New(t, archivetest.Options{Bundles: 1, Accessions: 1, InMemory: true})
	ends := seal.At(w.begins(yearSHA256Ends))
	w.table = slices.Clone(verify.Algorithms())
	for i, a := range w.table {
		if a.Name == "sha256" {
			w.table[i].Until, w.table[i].Source = &ends, "declared broken in a test"
		}
	}
	w.authority("first", crypto.SHA256)
	w.authority("second", crypto.SHA512)
	return w
}

// begins is when a year of the run begins.
func (w *longRun) begins(year int) time.Time {
	return archivetest.Start.Add(time.Duration(year-1) * oneYear)
}

// open has the archive judge by the table of the test.
func (w *longRun) open(f func(*archive.Archive) error) {
	w.t.Helper()
	w.write(func(a *archive.Archive) error {
		a.Policy().Algorithms = w.table
		return f(a)
	})
}

// policy is what a verifier has pinned by now.
func (w *longRun) policy() *verify.Policy {
	p := policyOf(w.t, w.Archive)
	p.Algorithms = w.table
	return p
}

func (w *longRun) authority(name string, digest crypto.Hash) {
	w.t.Helper()
	a := &authority{TSA: stampertest.New(w.t, stampertest.Options{}), name: name, digest: digest}
	a.Now = func() time.Time { return w.Now }
	a.Change = func(f *stampertest.Forge) { f.Digest = a.digest }
	a.caKey = newCurveKey(w.t)
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority of " + name}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, SignatureAlgorithm: x509.ECDSAWithSHA512,
		NotBefore: archivetest.Start.Add(-oneYear), NotAfter: archivetest.Start.Add(60 * oneYear)}
	a.TSA.Authority = signCertificate(w.t, ca, ca, a.caKey, a.caKey)
	a.Reissue(w.t, w.Now)
	w.authorities = append(w.authorities, a)
	w.open(func(x *archive.Archive) error {
		return x.AddTSA(verify.Anchor{Name: name, Chain: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.TSA.Authority.Raw}))})
	})
}

// Reissue gives it a new key and certificate.
func (a *authority) Reissue(t *testing.T, now time.Time) {
	t.Helper()
	key := newCurveKey(t)
	c := &x509.Certificate{SerialNumber: big.NewInt(now.Unix()), Subject: pkix.Name{CommonName: "test TSU of " + a.name}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{stampertest.Purpose(true, stampertest.TimeStamping)}, SignatureAlgorithm: x509.ECDSAWithSHA256,
		NotBefore: now.Add(-oneDay), NotAfter: now.Add(3 * oneYear)}
	if a.digest == crypto.SHA512 {
		c.SignatureAlgorithm = x509.ECDSAWithSHA512
	}
	a.Key, a.Certificate = key, signCertificate(t, c, a.TSA.Authority, key, a.caKey)
}

func newCurveKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func signCertificate(t *testing.T, c, issuer *x509.Certificate, key, by *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, c, issuer, key.Public(), by)
	if err != nil {
		t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// ask has the first authority that answers stamp something: each family has another one first.
func (w *longRun) ask(a *archive.Archive, covers seal.LeafIndex, f seal.Family) error {
	w.Now = w.Now.Add(time.Minute)
	imprint, err := a.Imprint(covers, f)
	if err != nil {
		return err
	}
	hash, err := a.StampHash(covers, f)
	if err != nil {
		return err
	}
	order := slices.Clone(w.authorities)
	if f == seal.FamilySHA512 {
		slices.Reverse(order)
	}
	err = errors.New("no authority")
	for _, by := range order {
		url := by.URL
		if by.gone {
			url = "http://127.0.0.1:1/"
		}
		s := &stamper.HTTP{TSA: by.name, URL: url, Trust: a.Policy(), Now: func() time.Time { return w.Now }}
		token, failed := s.Stamp(context.Background(), hash, imprint)
		if failed != nil {
			err = errors.Join(err, failed)
			continue
		}
		stamp, failed := a.Policy().Stamp(token, hash, imprint, w.Now)
		if failed != nil {
			err = errors.Join(err, failed)
			continue
		}
		_, err = a.KeepStamp(covers, f, token, stamp)
		return err
	}
	return err
}

// stampWaiting has everything stamped that waits.
func (w *longRun) stampWaiting(a *archive.Archive) error {
	list, err := a.Waiting()
	for _, x := range list {
		if err == nil {
			err = w.ask(a, x.Covers, x.Family)
		}
	}
	return err
}

// live goes through one year.
func (w *longRun) live(nights int) {
	w.t.Helper()
	w.year++
	w.Now = w.begins(w.year).Add(oneDay)
	w.change()
	for _, a := range w.authorities {
		a.Reissue(w.t, w.Now)
	}
	for n := range nights {
		w.Now = w.begins(w.year).Add(10*oneDay + time.Duration(n)*340*oneDay/time.Duration(nights))
		w.Take(w.t, 1)
		w.open(func(a *archive.Archive) (err error) {
			if w.nights[w.year], err = a.GatherNight(); err != nil {
				return err
			}
			return w.stampWaiting(a)
		})
	}
	w.Now = w.begins(w.year).Add(355 * oneDay)
	if w.year == yearRehash {
		w.renewTrees()
	}
	w.open(func(a *archive.Archive) error {
		n, err := renewAll(a, w.due, func(covers seal.LeafIndex, f seal.Family) error { return w.ask(a, covers, f) })
		w.waves += n
		if list, _ := a.Waiting(); len(list) > 0 {
			w.t.Errorf("year %d: waiting: %+v", w.year, list)
		}
		return err
	})
}

// due is what ends before the next year's renewal, with time to spare; and all of SHA-512 in the year in which the authorities
// turn from SHA-256.
func (w *longRun) due(s archive.NightState) bool {
	switch {
	case w.skip[archive.Awaited{Covers: s.Night, Family: s.Family}], s.Until.Before(w.Now):
		return false
	case w.year == yearRehash && s.Family == seal.FamilySHA512:
		return true
	}
	return s.Until.Before(w.Now.Add(oneYear + 60*oneDay))
}

// change is what becomes of people, keys and authorities.
func (w *longRun) change() {
	switch w.year {
	case yearCustodian, 22:
		anna, toAnna := custodian(w.t, "anna")
		officer, toOfficer := custodian(w.t, "evidence")
		toOfficer.Role = seal.RecipientEvidence
		rotate(w.t, w.Archive, []age.Identity{w.Custodian}, toAnna, toOfficer)
		w.Custodian, w.officer = anna, officer
		if w.year == yearCustodian {
			for _, f := range seal.Families() {
				w.skip[archive.Awaited{Covers: w.nights[yearForgotten], Family: f}] = true
			}
			w.skip[archive.Awaited{Covers: w.nights[yearLeftOut], Family: seal.FamilySHA256}] = false
		}
	case yearLogKey, 30:
		w.open(func(a *archive.Archive) error { _, err := rotateLog(w.Archive, a, w.Custodian); return err })
	case yearVanished:
		w.authorities[1].gone = true
	case 14:
		w.authority("third", crypto.SHA512)
	case yearRehash:
		w.authorities[0].digest = crypto.SHA512
	case yearSHA256Ends:
		w.skip[archive.Awaited{Covers: w.nights[yearLeftOut], Family: seal.FamilySHA256}] = true
	}
}

// renewTrees renews the hash trees of SHA-256, in the last year in which it carries evidence.
func (w *longRun) renewTrees() {
	w.t.Helper()
	w.open(func(a *archive.Archive) error {
		list, err := a.Rehashable(seal.FamilySHA256, seal.FamilySHA512)
		if err != nil {
			return err
		}
		list = slices.DeleteFunc(list, func(n seal.LeafIndex) bool { return n == w.nights[yearLeftOut] })
		done, err := reading.NewRoom(a, w.officer).Rehash(w.t.Context(), reading.Rehash{Family: seal.FamilySHA256, Hash: seal.FamilySHA512, Nights: list, Commit: a.GatherRehash})
		if err == nil && (done.Bundles < len(list) || done.Gone != 0) {
			err = fmt.Errorf("%+v for %d nights", done, len(list))
		}
		return errors.Join(err, w.stampWaiting(a))
	})
}

// of gives the last bundle of a year.
func (w *longRun) of(year int) *archivetest.Bundle {
	for i := len(w.Bundles) - 1; i >= 0; i-- {
		if w.Bundles[i].Leaf < w.nights[year] {
			return w.Bundles[i]
		}
	}
	return nil
}

// export hands a year's bundle over.
func (w *longRun) export(year int) (name string) {
	w.t.Helper()
	w.open(func(a *archive.Archive) error {
		name = w.packetOf(a, fmt.Sprintf("year-%d.zip", year), w.of(year).Leaf)
		return nil
	})
	return name
}

// wantJudged judges a packet now: as a whole, and how many families of evidence hold; says is in what does not.
func (w *longRun) wantJudged(what, packet string, refresh []byte, whole verify.Verdict, holding int, says string) {
	w.t.Helper()
	r := w.policy().PacketWith(packet, refresh, w.Now)
	hold, said := 0, ""
	for _, c := range r.Checks {
		switch {
		case c.Code == verify.CodeEvidence && c.Verdict == verify.Passed:
			hold++
		case c.Verdict != verify.Passed:
			said += c.Detail + "\n"
		}
	}
	if r.Verdict != whole || hold != holding || !strings.Contains(said, says) {
		w.t.Errorf("%s: %s, %d families hold, want %s, %d, %q; it says: %s", what, r.Verdict, hold, whole, holding, says, said)
	}
}

// Forty years: authorities with new certificates every year, one that disappears, SHA-256 broken in year 17, other custodians,
// another log key. What was renewed in time holds, and nothing else does.
func TestEvidenceDecades(t *testing.T) {
	nights := 1
	if os.Getenv("KARTOTEKA_DECADES") != "" {
		nights = 12
	}
	w := newLongRun(t)
	var early string
	for range years {
		w.live(nights)
		if w.year == 1 {
			early = w.export(1)
			w.wantJudged("in year 1", early, nil, verify.Passed, 2, "")
		}
	}
	t.Logf("%d nights, %d waves, %d events", years*nights, w.waves, w.events())
	for year, families := range map[int]int{1: 2, 9: 2, 16: 2, 18: 1, 39: 1, 40: 1} {
		w.wantJudged(fmt.Sprintf("taken in in year %d", year), w.export(year), nil, verify.Passed, families, "")
	}
	w.wantJudged("not renewed since year 5", w.export(yearForgotten), nil, verify.Indeterminate, 0, "certificates have ended since, and nothing here shows that it was there before")
	w.wantJudged("left out when hash trees were renewed", w.export(yearLeftOut), nil, verify.Indeterminate, 1, "a renewal of the hash tree is missing")
	w.wantJudged("released in year 1", early, nil, verify.Indeterminate, 0, "no chain with another hash function begins before: a renewal of the hash tree is missing")
	w.wantRefreshed(early)
	w.wantAllSound()
}

func (w *longRun) events() (n int64) {
	w.open(func(a *archive.Archive) error { n = a.Head().Size; return nil })
	return n
}

// wantRefreshed: the file that an evidence officer makes for an old packet makes it pass; one of another bundle does not.
func (w *longRun) wantRefreshed(packet string) {
	w.t.Helper()
	w.wantJudged("with newer records", packet, w.refresh(packet), verify.Passed, 2, "")
	w.wantJudged("with another bundle's records", packet, w.refresh(w.export(9)), verify.Indeterminate, 0, "")
	w.wantJudged("with what is no refresh", packet, []byte("{}\n"), verify.Failed, 0, "refresh")
}

func (w *longRun) refresh(packet string) (data []byte) {
	w.t.Helper()
	w.open(func(a *archive.Archive) error {
		f, gone, err := reading.NewRoom(a, w.officer).Refresh(packet)
		if err != nil || gone != 0 {
			return fmt.Errorf("%d gone: %w", gone, err)
		}
		data, err = f.Marshal()
		return err
	})
	return data
}

// wantAllSound: the archive checks, and its index is what a rebuild gives.
func (w *longRun) wantAllSound() {
	w.t.Helper()
	r, err := archive.Check(context.Background(), w.Dir, archive.CheckOptions{Policy: w.policy(), At: w.Now})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, c := range notPassed(r) {
		w.t.Errorf("%+v", c)
	}
	w.open(func(a *archive.Archive) error { _, err := a.CheckIndex(); return err })
}
