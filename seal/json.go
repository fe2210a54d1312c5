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
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := c.value(d, 0, reflect.TypeOf(v)); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("JSON text goes on after its value")
	}
	if loneSurrogate(data) {
		return errors.New("JSON text has half of a surrogate pair")
	}
	return nil
}

func (c checker) value(d *json.Decoder, depth int, t reflect.Type) error {
	if depth > maxDepth {
		return fmt.Errorf("JSON nests deeper than %d levels", maxDepth)
	}
	token, err := d.Token()
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	if err != nil {
		return err
	}
	if token == nil && c.noNull && t != nil && t.Kind() != reflect.Pointer && t.Kind() != reflect.Interface {
		return errors.New("null where a value must be")
	}
	open, ok := token.(json.Delim)
	if !ok {
		return nil
	}
	t = plain(t)
	seen := map[string]bool{}
	for d.More() {
		member := element(t)
		if open == '{' {
			if member, err = c.name(d, t, seen); err != nil {
				return err
			}
		}
		if err := c.value(d, depth+1, member); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}

// name reads a member's name and gives the type of its value, nil where nobody knows the member. encoding/json takes
// "Subject" for "subject" and other readers do not: such a name is refused.
func (c checker) name(d *json.Decoder, t reflect.Type, seen map[string]bool) (reflect.Type, error) {
	k, err := d.Token()
	if err != nil {
		return nil, err
	}
	name, ok := k.(string)
	if !ok {
		return nil, errors.New("JSON object has a member without a name")
	}
	if seen[fold(name)] {
		return nil, errors.New("JSON object names one member twice")
	}
	seen[fold(name)] = true
	if t == nil || t.Kind() != reflect.Struct {
		return element(t), nil
	}
	m, known := membersOf(t)[fold(name)]
	if known && m.name != name {
		return nil, fmt.Errorf("JSON member %q is spelled another way", m.name)
	}
	return m.typ, nil
}
