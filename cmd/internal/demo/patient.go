package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"kartoteka/cmd/internal/cli/jsonoutput"
	"kartoteka/cmd/internal/corpus"
	"kartoteka/seal"
)

// patient is somebody from Ukraine whom both hospitals treated, and who has a PESEL: the one with the most to hand over.
func (d *demo) patient() (p corpus.Person, err error) {
	at, there := d.hospitals[0].persons, d.hospitals[1].persons
	most := 0
	for _, x := range d.people {
		if x.Shared && x.Home == "UA" && x.PESEL != "" && there[x.Index] > 0 && at[x.Index] > most {
			p, most = x, at[x.Index]
		}
	}
	if most == 0 {
		err = errors.New("the corpus has no patient of both hospitals with a PESEL")
	}
	return p, err
}

// find looks for one patient by number, and by the name in the other country's spelling.
func (d *demo) find() error {
	p, err := d.patient()
	if err != nil {
		return err
	}
	here, there := d.hospitals[0], d.hospitals[1]
	born := p.Birth.Format("2006-01-02")
	own, abroad := p.Own.Given[0]+" "+p.Own.Family, p.Abroad.Given[0]+" "+p.Abroad.Family
	fmt.Printf("    %s, born %s, came from Mukachevo to Białystok, where the name is written %s\n", own, born, abroad)
	byNumber, err := d.findAll(here, p.Index, "--id", "pl.pesel="+p.PESEL)
	if err != nil {
		return err
	}
	byName, err := d.findAll(here, p.Index, "--name", own, "--born", born)
	if err != nil {
		return err
	}
	for _, leaf := range byNumber {
		if !slices.Contains(byName, leaf) {
			return fmt.Errorf("%s: the name %s does not find event %s, the PESEL does", here.City, own, leaf)
		}
	}
	elsewhere, err := d.findAll(there, p.Index, "--name", abroad, "--born", born)
	d.found = append(d.found,
		fmt.Sprintf("in Białystok %d by PESEL, and the same by the Cyrillic name %s", len(byNumber), own),
		fmt.Sprintf("in Mukachevo %d by the name as Białystok writes it, %s", len(elsewhere), abroad))
	return err
}

// findAll expects at least the bundles that were made for the person.
func (d *demo) findAll(h *hospital, person int, query ...string) (leaves []seal.LeafIndex, err error) {
	args := append([]string{"find", h.archiveArg()}, query...)
	if _, err := d.show(0, args...); err != nil {
		return nil, err
	}
	var answer jsonoutput.Found
	if err := d.ask(&answer, args...); err != nil {
		return nil, err
	}
	for _, b := range answer.Bundles {
		leaves = append(leaves, b.Leaf)
	}
	if len(leaves) < h.persons[person] {
		return nil, fmt.Errorf("%s: found %d bundles of the %d that were made", h.City, len(leaves), h.persons[person])
	}
	return leaves, nil
}

// release is what the officer writes into the register before anything is handed over.
const release = `{"request": "R-2026/1",
 "requester": {"name": %q, "relation": "self"},
 "evidence": {"kind": "passport", "country": "UA", "last4": "0042", "checked_by": "archiwum"},
 "basis": "UPP art. 26 ust. 1", "way": "carrier", "fee": "first"}
`

// packetFacts are for the summary.
type packetFacts struct {
	documents int
	bytes     int64
}

func (d *demo) export() error {
	p, err := d.patient()
	if err != nil {
		return err
	}
	h := d.hospitals[0]
	text := fmt.Appendf(nil, release, p.Abroad.Given[0]+" "+p.Abroad.Family)
	if err := os.WriteFile(h.path("release.json"), text, 0o644); err != nil {
		return err
	}
	_, err = d.show(0, "export", h.archiveArg(), "--id", "pl.pesel="+p.PESEL, "-i", h.key(0), "--release", h.path("release.json"), "-o", d.path("packet.zip"))
	if err != nil {
		return err
	}
	info, err := os.Stat(d.path("packet.zip"))
	if err == nil {
		d.packet.bytes = info.Size()
	}
	return err
}

// verifyElsewhere is somebody else's empty folder: the packet, and the policy that came by another way.
func (d *demo) verifyElsewhere() error {
	dir := d.path("elsewhere")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	for from, to := range map[string]string{d.path("packet.zip"): "packet.zip", d.hospitals[0].policy(): "policy.json"} {
		data, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, to), data, 0o644)
		}
		if err != nil {
			return err
		}
	}
	if _, err := d.showIn(dir, 0, "verify", "packet", "packet.zip", "--policy", "policy.json"); err != nil {
		return err
	}
	return d.countPacket(filepath.Join(dir, "packet.zip"))
}
