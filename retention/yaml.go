package retention

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// plainYAML refuses what YAML 1.1 and 1.2 readers, or a reader and a person, understand differently. A schedule decides
// about the destruction of records: 020 must not be sixteen years, and NO must not be false.
func plainYAML(raw []byte) error {
	d := yaml.NewDecoder(bytes.NewReader(raw))
	var doc, more yaml.Node
	if err := d.Decode(&doc); err != nil {
		return err
	}
	if err := d.Decode(&more); err != io.EOF {
		return errors.New("file goes on after its first YAML document")
	}
	return plainNode(&doc)
}

const quotedStyles = yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle

func plainNode(n *yaml.Node) error {
	var problems []error
	refuse := func(why string) { problems = append(problems, fmt.Errorf("line %d: %s", n.Line, why)) }
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		refuse("anchors and aliases are not allowed: write the value out")
		return errors.Join(problems...) // an alias points back into the tree: do not follow it
	case n.Style&yaml.TaggedStyle != 0:
		refuse("tag " + n.Tag + " is not allowed")
	case n.Kind == yaml.ScalarNode && n.Style&quotedStyles == 0:
		if why := plainScalar(n); why != "" {
			refuse(why)
		}
	}
	for _, c := range n.Content {
		if err := plainNode(c); err != nil {
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}

// canonicalInt has no sign, no zero in front, no base and no underscore. Nothing in a schedule can be zero or less.
var canonicalInt = regexp.MustCompile(`^[1-9][0-9]*$`)

// plainScalar says what is wrong with an unquoted scalar, or nothing.
func plainScalar(n *yaml.Node) string {
	switch n.ShortTag() {
	case "!!str":
		// YAML 1.1 reads these as booleans: the country code of Norway is the well-known victim.
		if slices.Contains([]string{"y", "n", "yes", "no", "on", "off"}, strings.ToLower(n.Value)) {
			return fmt.Sprintf("%q is a boolean to some YAML readers: write true or false, or quote it", n.Value)
		}
	case "!!bool":
		if n.Value != "true" && n.Value != "false" {
			return fmt.Sprintf("%q: write true or false, or quote it", n.Value)
		}
	case "!!int":
		if !canonicalInt.MatchString(n.Value) {
			return fmt.Sprintf("number %q: write a plain decimal from 1 up (a leading zero makes it octal), or quote it", n.Value)
		}
	case "!!null":
		return "empty value: leave the key out"
	case "!!timestamp":
		return fmt.Sprintf("date %q: quote it", n.Value)
	default:
		return fmt.Sprintf("%q is neither text, whole number, true nor false: quote it", n.Value)
	}
	return ""
}
