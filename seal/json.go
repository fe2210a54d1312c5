package seal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"unicode/utf8"
)

// maxDepth bounds nesting in JSON we did not write ourselves.
const maxDepth = 64

// Marshal is the one encoding of our own JSON: members in the order of the format page, no white space, UTF-8, and
// nothing escaped but quote, backslash, control characters, U+2028 and U+2029.
func Marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// UnmarshalCanonical reads JSON that kartoteka wrote: it refuses every encoding but the one [Marshal] gives.
func UnmarshalCanonical(data []byte, v any) error {
	// null for a list would come back as null: a second spelling of no list at all.
	if err := (checker{noNull: true}).check(data, v); err != nil {
		return err
	}
	if err := decodeKnown(data, v); err != nil {
		return err
	}
	again, err := Marshal(v)
	if err != nil {
		return err
	}
	if !bytes.Equal(again, data) {
		return errors.New("not in canonical form")
	}
	return nil
}

// UnmarshalStrict reads JSON of ours that a person may have formatted: unknown members are refused.
func UnmarshalStrict(data []byte, v any) error {
	if err := (checker{}).check(data, v); err != nil {
		return err
	}
	return decodeKnown(data, v)
}

func decodeKnown(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

// unmarshalLoose reads the members v has and leaves the others alone.
func unmarshalLoose(data []byte, v any) error {
	if err := (checker{}).check(data, v); err != nil {
		return err
	}
	return json.Unmarshal(data, v)
}

// CheckJSON refuses what two readers could understand differently: a member named twice (upper and lower case are
// the same to encoding/json), text that is not UTF-8, half of a surrogate pair, nesting beyond 64 levels, anything
// after the value.
func CheckJSON(data []byte) error { return (checker{}).check(data, nil) }

// checker walks JSON text beside the type it will be read into.
type checker struct {
	noNull bool // null only where the type says so
}

func (c checker) check(data []byte, v any) error {
	if !utf8.Valid(data) {
		return errors.New("JSON text is not valid UTF-8")
	}
	if !json.Valid(data) {
		return invalid(data)
	}
	w := &walker{checker: c, rest: data}
	if err := w.value(0, reflect.TypeOf(v)); err != nil {
		return err
	}
	if loneSurrogate(data) {
		return errors.New("JSON text has half of a surrogate pair")
	}
	return nil
}

// invalid says what is wrong with text that is not one JSON value.
func invalid(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	var first json.RawMessage
	switch err := d.Decode(&first); {
	case err == io.EOF:
		return io.ErrUnexpectedEOF
	case err != nil:
		return err
	}
	return errors.New("JSON text goes on after its value")
}

// walker goes through text that is known to be one JSON value: it looks for what two readers could differ on, and for
// nothing else, which is why it need not use the decoder, ten times as slow.
type walker struct {
	checker
	rest []byte
}

// next skips white space and gives the byte that follows, which stays.
func (w *walker) next() byte {
	for {
		switch b := w.rest[0]; b {
		case ' ', '\t', '\r', '\n', ',', ':':
			w.rest = w.rest[1:]
		default:
			return b
		}
	}
}

func (w *walker) value(depth int, t reflect.Type) error {
	if depth > maxDepth {
		return fmt.Errorf("JSON nests deeper than %d levels", maxDepth)
	}
	switch open := w.next(); open {
	case '{', '[':
		w.rest = w.rest[1:]
		return w.members(depth, plain(t), open+2) // '}' and ']' are two behind
	case '"':
		w.text()
	case 'n':
		if w.noNull && t != nil && t.Kind() != reflect.Pointer && t.Kind() != reflect.Interface {
			return errors.New("null where a value must be")
		}
		fallthrough
	default: // a number or a word
		n := bytes.IndexAny(w.rest, ",]} \t\r\n")
		if n < 0 {
			n = len(w.rest)
		}
		w.rest = w.rest[n:]
	}
	return nil
}

// members goes through an object's or a list's, to the byte that closes it.
func (w *walker) members(depth int, t reflect.Type, closing byte) (err error) {
	var seen map[string]bool
	if closing == '}' {
		seen = map[string]bool{}
	}
	for w.next() != closing {
		member := element(t)
		if closing == '}' {
			if member, err = w.name(t, seen); err != nil {
				return err
			}
		}
		if err := w.value(depth+1, member); err != nil {
			return err
		}
	}
	w.rest = w.rest[1:]
	return nil
}

// text steps over a string and gives it as it is written, with its quotes.
func (w *walker) text() []byte {
	for i := 1; ; i++ {
		switch w.rest[i] {
		case '\\':
			i++
		case '"':
			text := w.rest[:i+1]
			w.rest = w.rest[i+1:]
			return text
		}
	}
}

// name reads a member's name and gives the type of its value, nil where nobody knows the member. encoding/json takes
// "Subject" for "subject" and other readers do not: such a name is refused.
func (w *walker) name(t reflect.Type, seen map[string]bool) (reflect.Type, error) {
	text := w.text()
	name := string(text[1 : len(text)-1])
	if bytes.IndexByte(text, '\\') >= 0 {
		if err := json.Unmarshal(text, &name); err != nil {
			return nil, err
		}
	}
	folded := fold(name)
	if seen[folded] {
		return nil, errors.New("JSON object names one member twice")
	}
	seen[folded] = true
	if t == nil || t.Kind() != reflect.Struct {
		return element(t), nil
	}
	m, known := membersOf(t)[folded]
	if known && m.name != name {
		return nil, fmt.Errorf("JSON member %q is spelled another way", m.name)
	}
	return m.typ, nil
}
