package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"kartoteka/seal"
)

func (o initOptions) readRecipients() (list []seal.Recipient, err error) {
	seen := map[string]bool{}
	read := func(role string, given []string) error {
		for i, s := range given {
			r, err := readRecipient(s, role, i+1)
			if err != nil {
				return err
			}
			if _, err := seal.ParseRecipient(r.Age, o.allowClassic); err != nil {
				s := &status{code: exitUsage, err: fmt.Errorf("recipient %s: %w", r.Name, err)}
				if strings.HasPrefix(r.Age, "age1") && !strings.HasPrefix(r.Age, "age1pq1") {
					s.hint = "`kartoteka keygen custodian -o FILE` makes a post-quantum identity; --allow-classic takes this one all the same"
				}
				return s
			}
			if seen["name "+r.Name] || seen[r.Age] {
				return usagef("recipient %s is named twice", r.Name)
			}
			seen["name "+r.Name], seen[r.Age] = true, true
			list = append(list, r)
		}
		return nil
	}
	if err := read(seal.RecipientCustodian, o.recipients); err != nil {
		return nil, err
	}
	return list, read(seal.RecipientEvidence, o.evidence)
}

// readRecipient takes age1…, a file, NAME=age1… or NAME=FILE.
func readRecipient(s, role string, n int) (seal.Recipient, error) {
	r := seal.Recipient{Role: role, Name: fmt.Sprintf("%s-%d", role, n), Age: s}
	name, rest, named := strings.Cut(s, "=")
	if _, err := os.Stat(s); named && err != nil {
		r.Name, r.Age, s = name, rest, rest
	} else {
		named = false
	}
	if r.Name == "" {
		return r, usagef("recipient %q has an empty name", "="+rest)
	}
	if strings.HasPrefix(s, "age1") {
		return r, nil
	}
	if !named {
		r.Name = strings.TrimSuffix(strings.TrimSuffix(filepath.Base(s), ".pub"), ".key")
	}
	var err error
	r.Age, err = recipientLine(s)
	return r, err
}

// recipientLine is the first line of a file that is no comment.
func recipientLine(name string) (string, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return "", fmt.Errorf("recipient: %w", err)
	}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "AGE-SECRET-KEY-"), strings.HasPrefix(line, "-----BEGIN AGE ENCRYPTED FILE"):
			return "", usagef("%s is an identity, the secret half; name the file with its public half (%s.pub)", name, name)
		default:
			return line, nil
		}
	}
	return "", usagef("%s holds no recipient", name)
}
