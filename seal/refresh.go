package seal

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// Refresh is what an archive hands out to the holder of a packet whose evidence must be renewed: the records of its items as
// they are now. It holds digests of documents, and is kept as the packet is.
type Refresh struct {
	Schema  string          `json:"schema"`
	Origin  string          `json:"origin"`
	Records []RefreshRecord `json:"records"` // by event, item and family, each once
}

// RefreshRecord is one evidence record.
type RefreshRecord struct {
	Event  LeafIndex `json:"event"` // the bundle's
	Item   int       `json:"item"`  // of the bundle; 0: the envelope
	Family Family    `json:"family"`
	Record []byte    `json:"record"` // DER
}

// MaxRefresh bounds a refresh, in bytes.
const MaxRefresh = 256 << 20

// Sort puts the records into their order.
func (r Refresh) Sort() { slices.SortFunc(r.Records, RefreshRecord.compare) }

// Marshal gives the file.
func (r Refresh) Marshal() ([]byte, error) {
	r.Schema = SpecRefresh
	if err := r.check(); err != nil {
		return nil, err
	}
	b, err := Marshal(r)
	if len(b) >= MaxRefresh {
		return nil, fmt.Errorf("refresh has more than %d bytes", MaxRefresh)
	}
	return append(b, '\n'), err
}

// ParseRefresh reads one. The records are judged with their packet.
func ParseRefresh(data []byte) (Refresh, error) {
	var r Refresh
	line, ok := bytes.CutSuffix(data, []byte("\n"))
	if !ok || len(data) > MaxRefresh {
		return r, errors.New("refresh: too long, or does not end with a line feed")
	}
	if err := UnmarshalCanonical(line, &r); err != nil {
		return r, fmt.Errorf("refresh: %w", err)
	}
	return r, r.check()
}

func (r Refresh) check() error {
	if r.Schema != SpecRefresh || r.Origin == "" || len(r.Records) == 0 || !ascending(r.Records, RefreshRecord.compare) {
		return errors.New("refresh: schema, origin or records are missing, or not by event, item and family, each once")
	}
	for _, x := range r.Records {
		if x.Event < 0 || x.Item < 0 || x.Item > MaxDocuments || x.Family.Hash() == 0 || len(x.Record) == 0 || len(x.Record) > MaxEvidenceRecord {
			return errors.New("refresh: a record is of no item or family that there is, or too long")
		}
	}
	return nil
}

func (x RefreshRecord) compare(y RefreshRecord) int {
	return cmp.Or(cmp.Compare(x.Event, y.Event), cmp.Compare(x.Item, y.Item), cmp.Compare(x.Family, y.Family))
}
