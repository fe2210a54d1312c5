package seal

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// StampResponse is a TimeStampResp (RFC 3161 §2.4.2). Its token may still be BER: [NormalizeStamp] makes it DER.
type StampResponse struct {
	Status  int      // PKIStatus
	Text    []string // what the TSA says to people
	Failure []string // PKIFailureInfo
	Token   []byte   // empty unless granted
}

// Words of PKIStatus, by number.
var stampStatus = []string{"granted", "granted with modifications", "rejection", "waiting", "revocation warning", "revocation notification"}

// Words of PKIFailureInfo, by bit.
var stampFailure = map[int]string{
	0: "unrecognized or unsupported algorithm", 2: "transaction not permitted or supported", 5: "the data has the wrong format",
	14: "the TSA's time source is not available", 15: "the policy is not supported", 16: "the extension is not supported",
	17: "additional information is not available", 25: "system failure",
}

// Granted says whether there is a token.
func (r StampResponse) Granted() bool { return r.Status <= 1 }

// String gives status and failure in words.
func (r StampResponse) String() string {
	s := fmt.Sprintf("status %d", r.Status)
	if r.Status < len(stampStatus) {
		s = stampStatus[r.Status]
	}
	for _, part := range [][]string{r.Failure, r.Text} {
		if len(part) > 0 {
			s += ": " + strings.Join(part, ", ")
		}
	}
	return s
}

// ParseStampResponse reads a response. Its parts may be BER, as CMS allows; lengths must fit and nothing may follow.
func ParseStampResponse(data []byte) (StampResponse, error) {
	if len(data) > MaxStampResponse {
		return StampResponse{}, fmt.Errorf("stamp response has more than %d bytes", MaxStampResponse)
	}
	r, err := parseStampResponse(data)
	if err != nil {
		return StampResponse{}, fmt.Errorf("stamp response: %w", err)
	}
	if r.Granted() != (r.Token != nil) {
		return StampResponse{}, fmt.Errorf("stamp response: %s, and a token: %v", stampStatus[min(r.Status, 2)], r.Token != nil)
	}
	return r, nil
}

func parseStampResponse(data []byte) (r StampResponse, err error) {
	parts, err := readAll(data, berSequence, 2)
	if err != nil {
		return r, err
	}
	if len(parts) == 0 {
		return r, fmt.Errorf("it is empty")
	}
	info, err := parts[0].children(berSequence, 3)
	if err != nil || len(info) == 0 {
		return r, fmt.Errorf("the status is missing: %w", err)
	}
	if info[0].tag != berInteger || len(info[0].content) != 1 || info[0].content[0] > 127 {
		return r, fmt.Errorf("the status is no small number")
	}
	r.Status = int(info[0].content[0])
	for _, part := range info[1:] {
		if err := r.info(part); err != nil {
			return r, err
		}
	}
	if len(parts) == 2 {
		r.Token = parts[1].raw
	}
	return r, nil
}

// info reads what follows the status: PKIFreeText, PKIFailureInfo.
func (r *StampResponse) info(part berElement) error {
	if part.tag == berBitString {
		for bit := range 8 * max(0, len(part.content)-1) {
			if part.content[1+bit/8]&(0x80>>(bit%8)) != 0 {
				r.Failure = append(r.Failure, failureWord(bit))
			}
		}
		return nil
	}
	lines, err := part.children(berSequence, 16)
	for _, l := range lines {
		if l.tag == berUTF8String && utf8.Valid(l.content) {
			r.Text = append(r.Text, fmt.Sprintf("%.200q", l.content))
		}
	}
	return err
}

func failureWord(bit int) string {
	if w := stampFailure[bit]; w != "" {
		return w
	}
	return fmt.Sprintf("failure %d", bit)
}
