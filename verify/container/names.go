package container

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// maxComponent is what ext4, XFS, APFS and (in UTF-16 units) NTFS allow.
const maxComponent = 255

// CheckName says whether name may be an entry: a relative path with forward
// slashes that means one and the same file on Linux, Windows and macOS. The rule
// is the same when reading and when writing. Uniqueness is not its concern (see
// Twin).
func CheckName(name string, lim Limits) error {
	lim = lim.withDefaults()
	if len(name) > lim.MaxNameBytes {
		return fail(CodeNameTooLong, name, "name has %d bytes, at most %d are allowed", len(name), lim.MaxNameBytes)
	}
	if !utf8.ValidString(name) {
		return fail(CodeNameEncoding, name, "name is not UTF-8")
	}
	if !norm.NFC.IsNormalString(name) {
		return fail(CodeNameEncoding, name, "name is not in normal form C")
	}
	if why := absolute(name); why != "" {
		return fail(CodeNameAbsolute, name, "name %s", why)
	}
	// "..\x" is looked at as a path, too: it deserves the word traversal.
	for _, c := range strings.FieldsFunc(name, func(r rune) bool { return r == '/' || r == '\\' }) {
		if c == "." || c == ".." {
			return fail(CodeNameTraversal, name, "name has a component %q", c)
		}
	}
	parts := strings.Split(name, "/")
	if len(parts) > lim.MaxDepth {
		return fail(CodeNameTooLong, name, "name has %d components, at most %d are allowed", len(parts), lim.MaxDepth)
	}
	for _, c := range parts {
		if err := checkComponent(name, c); err != nil {
			return err
		}
	}
	return nil
}

// absolute says why a name does not start in the container's own folder.
func absolute(name string) string {
	switch {
	case strings.HasPrefix(name, "/"):
		return "begins with a slash"
	case strings.HasPrefix(name, `\`):
		return "begins with a backslash"
	case len(name) >= 2 && name[1] == ':' && (name[0]|0x20) >= 'a' && (name[0]|0x20) <= 'z':
		return "begins with a drive letter"
	case name[:min(1, len(name))] == "~" && strings.Contains(name, "/"):
		return "begins with what a shell takes for a home folder"
	}
	return ""
}

func checkComponent(name, c string) error {
	switch {
	case c == "":
		return fail(CodeNameTraversal, name, "name has an empty component")
	case len(c) > maxComponent:
		return fail(CodeNameTooLong, name, "a component has %d bytes, at most %d are allowed", len(c), maxComponent)
	case strings.HasSuffix(c, ".") || strings.HasSuffix(c, " "):
		return fail(CodeNameReserved, name, "component %q ends with a dot or space, which Windows drops", c)
	case isDevice(c):
		return fail(CodeNameReserved, name, "component %q is a device on Windows", c)
	case isShort(c):
		return fail(CodeNameReserved, name, "component %q may be the short name of another file on Windows", c)
	}
	if i := strings.IndexFunc(c, forbidden); i >= 0 {
		r, _ := utf8.DecodeRuneInString(c[i:])
		return fail(CodeNameReserved, name, "name has the forbidden character %U", r)
	}
	return nil
}

// forbidden characters: those Windows refuses or takes for a path, controls, and
// everything invisible. Category Cf holds the bidirectional controls (U+202E
// shows "exe.fdp" for "pdf.exe"), the zero-width ones and the byte order mark.
func forbidden(r rune) bool {
	return strings.ContainsRune(`<>:"|?*\/`, r) ||
		unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) ||
		unicode.Is(unicode.Noncharacter_Code_Point, r) || r == utf8.RuneError
}

// isDevice knows the names Windows keeps for devices, with any extension, and as
// old as CP/M: CON.txt is CON. Superscript digits count (learn.microsoft.com,
// "Naming Files, Paths, and Namespaces"); COM0 was listed there once.
func isDevice(c string) bool {
	base, _, _ := strings.Cut(c, ".")
	base = strings.ToUpper(strings.TrimRight(base, " "))
	switch base {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	rest, ok := strings.CutPrefix(base, "COM")
	if !ok {
		rest, ok = strings.CutPrefix(base, "LPT")
	}
	return ok && utf8.RuneCountInString(rest) == 1 && strings.Contains("0123456789¹²³", rest)
}

// isShort knows the 8.3 form NTFS gives to long names ("DOKUME~1.PDF"): written
// beside the long name on Windows, it is the same file.
func isShort(c string) bool {
	base, ext, dot := strings.Cut(c, ".")
	if len(base) > 8 || len(ext) > 3 || dot && ext == "" || strings.Contains(ext, ".") {
		return false
	}
	i := strings.LastIndexByte(base, '~')
	return i > 0 && i < len(base)-1 && strings.Trim(base[i+1:], "0123456789") == ""
}

// Twin gives the key under which two names are twins: the same file on a system
// that ignores case, normal form, or trailing dots and spaces. Canonical caseless
// matching as in Unicode 3.13, D145.
func Twin(name string) string {
	folded := cases.Fold().String(norm.NFD.String(name))
	folded = norm.NFC.String(strings.Map(leastFold, folded))
	parts := strings.Split(folded, "/")
	for i, c := range parts {
		parts[i] = strings.TrimRight(c, ". ")
	}
	return strings.Join(parts, "/")
}

// leastFold gives one rune for all that differ only by case. Full folding alone
// does not: x/text v0.43.0 swaps the two cases of Cherokee letters (U+13BC and
// U+AB8C) instead of uniting them; FuzzSafeName found it.
func leastFold(r rune) rune {
	least := r
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		least = min(least, f)
	}
	return least
}

// SafeName turns any base name into one that CheckName accepts as one component,
// and leaves an acceptable one as it is. Two names may become one: compare by Twin.
func SafeName(name string) string {
	name = norm.NFC.String(strings.ToValidUTF8(name, "_"))
	name = strings.Map(func(r rune) rune {
		if forbidden(r) {
			return '_'
		}
		return r
	}, name)
	name = cut(strings.TrimRight(norm.NFC.String(name), ". "))
	if isShort(name) {
		name = strings.ReplaceAll(name, "~", "_")
	}
	if isDevice(name) {
		stem, ext, dot := strings.Cut(name, ".")
		name = strings.TrimRight(stem, " ") + "_"
		if dot {
			name += "." + ext
		}
		name = cut(name)
	}
	if CheckName(name, Limits{}) != nil { // "", or what we did not foresee
		return "_"
	}
	return name
}

// cut shortens to maxComponent bytes between characters, keeping a short
// extension. A part of a text in normal form C is in normal form C (UAX #15).
func cut(name string) string {
	if len(name) <= maxComponent {
		return name
	}
	ext := ""
	if i := strings.LastIndexByte(name, '.'); i > 0 && len(name)-i <= 32 {
		ext = name[i:]
	}
	n := maxComponent - len(ext)
	for !utf8.RuneStart(name[n]) {
		n--
	}
	return strings.TrimRight(name[:n], ". ") + ext
}
