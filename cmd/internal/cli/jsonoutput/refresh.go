package jsonoutput

// SpecEvidenceRefresh is the schema of [EvidenceRefresh].
const SpecEvidenceRefresh = "kartoteka/evidence-refresh/1"

// EvidenceRefresh is the answer of `evidence refresh`.
type EvidenceRefresh struct {
	Schema  string `json:"schema"`
	File    string `json:"file"`
	Records int    `json:"records"`
	Gone    int    `json:"gone"` // bundles of the packet that were disposed of since
}
