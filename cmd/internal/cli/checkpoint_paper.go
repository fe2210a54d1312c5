package cli

import (
	"bytes"
	"encoding/base32"
	"encoding/base64"
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"

	"kartoteka/seal"
)

// Paper is numbered lines «NUMBER WORD CONTENT CHECK». Bytes are written in Crockford's base32, which has no I, L, O and
// U, in groups of five, six groups a line. The check is 20 bits of a CRC over number, word and content: a line that is
// mistyped, left out or out of place is found by itself. The last line checks the whole.
const (
	paperGroup = 5
	paperLine  = 30
	paperTitle = "checkpoint of a kartoteka archive, to be typed back for `kartoteka checkpoint type`\n\n"
)

// Words of the lines.
const (
	paperOrigin    = "origin"
	paperSize      = "size"
	paperRoot      = "root"
	paperSigner    = "signer"
	paperSignature = "signature"
	paperEnd       = "end"
)

func paper32() *base32.Encoding {
	return base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)
}

// paperOf writes a checkpoint for print. It reads it back first: nobody shall print what cannot be typed.
func paperOf(signed []byte) (string, error) {
	c, err := seal.PeekCheckpoint(signed)
	if err != nil {
		return "", err
	}
	p := &paper{}
	p.line(paperOrigin, c.Origin)
	p.line(paperSize, strconv.FormatInt(c.Size, 10))
	p.bytes(paperRoot, c.Root[:])
	_, sigs, _ := bytes.Cut(signed, []byte("\n\n"))
	for l := range strings.Lines(string(sigs)) {
		f := strings.Fields(l)
		if len(f) != 3 {
			return "", errors.New("a signature line does not have three fields")
		}
		sig, err := base64.StdEncoding.DecodeString(f[2])
		if err != nil {
			return "", err
		}
		p.line(paperSigner, f[1])
		p.bytes(paperSignature, sig)
	}
	p.line(paperEnd, paperCheck(string(signed), 6))
	text := paperTitle + p.out.String()
	if again, err := typedCheckpoint(text); err != nil || !bytes.Equal(again, signed) {
		return "", errors.Join(errors.New("this checkpoint has no form on paper"), err)
	}
	return text, nil
}

type paper struct {
	out bytes.Buffer
	n   int
}

func (p *paper) line(word, content string) {
	p.n++
	fmt.Fprintf(&p.out, "%2d  %-9s  %-36s  %s\n", p.n, word, content, lineCheck(p.n, word, content))
}

func (p *paper) bytes(word string, b []byte) {
	for text := paper32().EncodeToString(b); text != ""; {
		line := text[:min(len(text), paperLine)]
		text = text[len(line):]
		var groups []string
		for line != "" {
			n := min(len(line), paperGroup)
			groups, line = append(groups, line[:n]), line[n:]
		}
		p.line(word, strings.Join(groups, " "))
	}
}

// lineCheck is over what was meant, however it is spaced.
func lineCheck(n int, word, content string) string {
	return paperCheck(fmt.Sprintf("%d %s %s", n, word, strings.ReplaceAll(content, " ", "")), 4)
}

// paperCheck gives the last symbols of a CRC, five bits each.
func paperCheck(s string, symbols int) string {
	sum := crc32.Checksum([]byte(s), crc32.MakeTable(crc32.Castagnoli))
	out := make([]byte, symbols)
	for i := range out {
		out[symbols-1-i] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[sum&31]
		sum >>= 5
	}
	return string(out)
}

// typing is what was read so far.
type typing struct {
	n     int
	bad   []string
	text  strings.Builder // of the note
	root  string          // symbols
	name  string
	sig   string
	sigs  strings.Builder
	end   string
	order string // words so far, each run once
}

// typedCheckpoint reads paper back. All lines that do not fit are named at once.
func typedCheckpoint(text string) ([]byte, error) {
	t := &typing{}
	for l := range strings.Lines(text) {
		if f := strings.Fields(l); len(f) > 0 && f[0][0] >= '0' && f[0][0] <= '9' {
			t.line(f)
		}
	}
	if len(t.bad) > 0 {
		return nil, errors.New(strings.Join(t.bad, "\n"))
	}
	return t.note()
}

func (t *typing) line(f []string) {
	t.n++
	if f[0] != strconv.Itoa(t.n) {
		t.bad = append(t.bad, fmt.Sprintf("line %s stands where line %d should", clean(f[0]), t.n))
		t.n, _ = strconv.Atoi(f[0])
		return
	}
	if len(f) < 4 {
		t.bad = append(t.bad, fmt.Sprintf("line %d is not complete", t.n))
		return
	}
	word, content, check := strings.ToLower(f[1]), strings.Join(f[2:len(f)-1], " "), symbols(f[len(f)-1])
	if word == paperRoot || word == paperSignature || word == paperEnd {
		content = symbols(content)
	}
	if check != lineCheck(t.n, word, content) {
		t.bad = append(t.bad, fmt.Sprintf("line %d does not fit its check", t.n))
		return
	}
	t.take(word, content)
}

// symbols reads base32 as it was meant.
func symbols(s string) string {
	return strings.NewReplacer("O", "0", "I", "1", "L", "1", " ", "", "-", "").Replace(strings.ToUpper(s))
}

func (t *typing) take(word, content string) {
	if !strings.HasSuffix(t.order, word+" ") {
		t.order += word + " "
	}
	switch word {
	case paperOrigin, paperSize:
		t.text.WriteString(content + "\n")
	case paperRoot:
		t.root += content
	case paperSigner:
		t.signed()
		t.name = content
	case paperSignature:
		t.sig += content
	case paperEnd:
		t.signed()
		t.end = content
	}
}

// signed ends a signature.
func (t *typing) signed() {
	if t.name != "" {
		fmt.Fprintf(&t.sigs, "\u2014 %s %s\n", t.name, base64Of(t.sig))
	}
	t.name, t.sig = "", ""
}

// base64Of gives nothing for what is no whole number of bytes: the end's check then does not fit.
func base64Of(s string) string {
	b, err := paper32().DecodeString(s)
	if err != nil {
		return ""
	}
	return base64.StdEncoding.EncodeToString(b)
}

// note puts the checkpoint together. Every line fits by now; some may be missing.
func (t *typing) note() ([]byte, error) {
	head := paperOrigin + " " + paperSize + " " + paperRoot + " "
	rest := strings.ReplaceAll(strings.TrimPrefix(t.order, head), paperSigner+" "+paperSignature+" ", "")
	note := t.text.String() + base64Of(t.root) + "\n\n" + t.sigs.String()
	if !strings.HasPrefix(t.order, head) || rest != paperEnd+" " {
		return nil, errors.New("lines are missing: origin, size, root, signer, signature and end are wanted")
	}
	if t.end != paperCheck(note, 6) {
		return nil, errors.New("the lines fit, but the whole does not: is it of one checkpoint?")
	}
	_, err := seal.PeekCheckpoint([]byte(note))
	return []byte(note), err
}
