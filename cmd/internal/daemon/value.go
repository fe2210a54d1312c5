package daemon

import (
	"fmt"
	"io/fs"
	"math"
	"regexp"
	"strconv"
	"time"

	"gopkg.in/yaml.v3"
)

// Bytes is a size: "500 GiB", "20GB", or bare bytes. A unit is spelled out, so that nobody reserves 10 bytes.
type Bytes int64

var (
	bytesPattern = regexp.MustCompile(`^(\d{1,19}) ?(B|kB|KiB|MB|MiB|GB|GiB|TB|TiB)?$`)
	units        = map[string]int64{"": 1, "B": 1, "kB": 1e3, "KiB": 1 << 10, "MB": 1e6, "MiB": 1 << 20, "GB": 1e9, "GiB": 1 << 30, "TB": 1e12, "TiB": 1 << 40}
)

// UnmarshalYAML reads a size.
func (b *Bytes) UnmarshalYAML(n *yaml.Node) error {
	m := bytesPattern.FindStringSubmatch(n.Value)
	if n.Kind != yaml.ScalarNode || m == nil {
		return fmt.Errorf("line %d: %q is not a size such as 10 GiB (units kB MB GB TB KiB MiB GiB TiB)", n.Line, n.Value)
	}
	v, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil || v > math.MaxInt64/units[m[2]] {
		return fmt.Errorf("line %d: %q is too large a size", n.Line, n.Value)
	}
	*b = Bytes(v * units[m[2]])
	return nil
}

// Duration is a time span: "15m", "1h30m", or 0.
type Duration time.Duration

// UnmarshalYAML reads a time span.
func (d *Duration) UnmarshalYAML(n *yaml.Node) error {
	v, err := time.ParseDuration(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil || v < 0 {
		return fmt.Errorf("line %d: %q is not a time span such as 15m or 1h30m", n.Line, n.Value)
	}
	*d = Duration(v)
	return nil
}

// TimeOfDay is minutes since midnight, "22:30".
type TimeOfDay int

var timePattern = regexp.MustCompile(`^([01]\d|2[0-3]):([0-5]\d)$`)

// UnmarshalYAML reads a time of day.
func (t *TimeOfDay) UnmarshalYAML(n *yaml.Node) error {
	m := timePattern.FindStringSubmatch(n.Value)
	if n.Kind != yaml.ScalarNode || m == nil {
		return fmt.Errorf("line %d: %q is not a time of day such as 00:30", n.Line, n.Value)
	}
	h, _ := strconv.Atoi(m[1])
	min, _ := strconv.Atoi(m[2])
	*t = TimeOfDay(60*h + min)
	return nil
}

func (t TimeOfDay) String() string { return fmt.Sprintf("%02d:%02d", t/60, t%60) }

// Mode is a file mode in octal, with or without quotes: 0660.
type Mode fs.FileMode

// UnmarshalYAML reads a file mode. YAML 1.1 readers take 0660 for a number and 1.2 readers another number: the text
// counts, not what either makes of it.
func (m *Mode) UnmarshalYAML(n *yaml.Node) error {
	v, err := strconv.ParseUint(n.Value, 8, 32)
	if n.Kind != yaml.ScalarNode || err != nil || v == 0 || v > 0o777 || v&0o111 != 0 {
		return fmt.Errorf("line %d: %q is not a socket's file mode such as 0660", n.Line, n.Value)
	}
	*m = Mode(v)
	return nil
}
