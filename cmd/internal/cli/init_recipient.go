package cli

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"kartoteka/seal"
)

func (o initOptions) readRecipients() (list []seal.Recipient, err error) {
	seen := map[string]bool{}
	read := func(role string, texts []string) error {
		for i, s := range texts {
			r, err := readRecipient(s, role, i+1)
			if err != nil {
				return err
			}
			some, err := r.recipients()
			if err != nil {
				return err
			}
			for _, r := range some {
				if err := o.checkRecipient(r); err != nil {
					return err
				}
				if seen["name "+r.Name] || seen[r.Age] {
					return usagef("recipient %s is named twice", r.Name)
				}
				seen["name "+r.Name], seen[r.Age] = true, true
			}
			list = append(list, some...)
		}
		return nil
	}
	if err := read(seal.RecipientCustodian, o.recipients); err != nil {
		return nil, err
	}
	return list, read(seal.RecipientEvidence, o.evidence)
}

func (o initOptions) checkRecipient(r seal.Recipient) error {
	_, err := seal.ParseRecipient(r.Age, o.allowClassic)
	if err == nil {
		return nil
	}
	s := &status{code: exitUsage, err: fmt.Errorf("recipient %s: %w", r.Name, err)}
	if slices.ContainsFunc(strings.Split(r.Age, "+"), classic) {
		s.hint = "`kartoteka keygen custodian -o FILE` makes a post-quantum identity; --allow-classic takes this one all the same"
	}
	return s
}

func classic(recipient string) bool {
	return strings.HasPrefix(recipient, "age1") && !strings.HasPrefix(recipient, "age1pq1")
}

// given is a recipient as a person names it; its Age may be a file's name. Without a name it is called as the file says.
type given struct{ seal.Recipient }

// readRecipient takes age1…, a file, NAME=age1… or NAME=FILE.
func readRecipient(s, role string, n int) (given, error) {
	r := given{seal.Recipient{Role: role, Age: s}}
	name, rest, named := strings.Cut(s, "=")
	if _, err := os.Stat(s); named && err != nil {
		if r.Name, r.Age = name, rest; name == "" {
			return r, usagef("recipient %q has an empty name", s)
		}
	}
	if r.Name == "" && strings.HasPrefix(r.Age, "age1") {
		r.Name = fmt.Sprintf("%s-%d", role, n)
	}
	return r, nil
}

// recipients are what the file holds, or the one that was given itself.
func (g given) recipients() ([]seal.Recipient, error) {
	if strings.HasPrefix(g.Age, "age1") {
		return []seal.Recipient{g.Recipient}, nil
	}
	base := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(g.Age), ".pub"), ".key")
	list, err := recipientLines(g.Age)
	for i := range list {
		r := &list[i]
		r.Role = g.Role
		if g.Name != "" || r.Name == "" {
			r.Name = cmp.Or(g.Name, base)
			if len(list) > 1 {
				r.Name = fmt.Sprintf("%s-%d", r.Name, i+1)
			}
		}
	}
	return list, err
}

// recipientLines are the lines of a file that are no comments. A pair has the name that stands in the comment before it,
// as `keygen --of` writes it.
func recipientLines(name string) (list []seal.Recipient, err error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("recipient: %w", err)
	}
	comment := ""
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		said, isComment := strings.CutPrefix(line, "#")
		switch {
		case isComment:
			comment = strings.TrimSpace(said)
			continue
		case line == "":
		case strings.HasPrefix(line, "AGE-SECRET-KEY-"), strings.HasPrefix(line, "-----BEGIN AGE ENCRYPTED FILE"):
			return nil, usagef("%s is an identity, the secret half; name the file with its public half (%s.pub)", name, name)
		case strings.Contains(line, "+") && strings.Contains(comment, "+"):
			list = append(list, seal.Recipient{Name: comment, Age: line})
		default:
			list = append(list, seal.Recipient{Age: line})
		}
		comment = ""
	}
	if len(list) == 0 {
		return nil, usagef("%s holds no recipient", name)
	}
	return list, nil
}
