package seal

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"sync"
)

// member of a struct as JSON names it.
type member struct {
	name string
	typ  reflect.Type
}

// knownMembers caches membersOf by type, as encoding/json does: a keyfile is read line by line.
var knownMembers sync.Map

// membersOf gives a struct's members by folded name.
func membersOf(t reflect.Type) map[string]member {
	if m, ok := knownMembers.Load(t); ok {
		return m.(map[string]member)
	}
	m := map[string]member{}
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || f.Anonymous && name == "" || name == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		m[fold(name)] = member{name, f.Type}
	}
	knownMembers.Store(t, m)
	return m
}

// fold makes names equal that encoding/json takes for the same: ToUpper first, since ſ has no lower case of its own.
func fold(name string) string {
	for i := range len(name) {
		if c := name[i]; (c < 'a' || c > 'z') && c != '_' && (c < '0' || c > '9') {
			return strings.ToLower(strings.ToUpper(name))
		}
	}
	return name // most are folded already
}

var (
	readsJSON = reflect.TypeFor[json.Unmarshaler]()
	readsText = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// plain follows pointers to a type whose members encoding/json reads by itself; nil for one that reads itself.
func plain(t reflect.Type) reflect.Type {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil || reflect.PointerTo(t).Implements(readsJSON) || reflect.PointerTo(t).Implements(readsText) {
		return nil
	}
	return t
}

// element is the type of a list's or map's elements.
func element(t reflect.Type) reflect.Type {
	if t == nil {
		return nil
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array, reflect.Map:
		return t.Elem()
	}
	return nil
}

// loneSurrogate says whether a \u escape of valid JSON is half of a surrogate pair: some readers make U+FFFD of it,
// others refuse it, and a digest over the result would differ.
func loneSurrogate(data []byte) bool {
	for i := 0; i+1 < len(data); i++ {
		if data[i] != '\\' {
			continue
		}
		switch r := escaped(data[i:]); {
		case r < 0xd800 || r > 0xdfff:
			i++
		case r <= 0xdbff && escaped(data[i+6:]) >= 0xdc00 && escaped(data[i+6:]) <= 0xdfff:
			i += 11
		default:
			return true
		}
	}
	return false
}

// escaped is the code unit of a \u escape that data begins with, or 0.
func escaped(data []byte) rune {
	if len(data) < 6 || data[0] != '\\' || data[1] != 'u' {
		return 0
	}
	n, err := strconv.ParseUint(string(data[2:6]), 16, 16)
	if err != nil {
		return 0
	}
	return rune(n)
}
