package cli

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"kartoteka/seal"
)

// selection are the flags that name bundles, by number or by a list.
type selection struct {
	bundles []string
	list    string
}

func (s *selection) flags(set *pflag.FlagSet) {
	bundleFlag(set, &s.bundles)
	set.StringVar(&s.list, "list", "", "a `file` with bundles, as `retention due` writes it with --csv or --json; - is stdin")
}

// read gives the bundles, in the order of the log, each once.
func (s selection) read(e *Env) (list []seal.LeafIndex, err error) {
	switch {
	case (len(s.bundles) == 0) == (s.list == ""):
		return nil, usagef("name bundles either with --bundle N or with --list FILE")
	case s.list == "":
		return bundleNumbers(s.bundles)
	case s.list == "-":
		list, err = readList(e.Stdin)
	default:
		f, oerr := os.Open(s.list)
		if oerr != nil {
			return nil, oerr
		}
		defer f.Close()
		list, err = readList(f)
	}
	if err != nil {
		return nil, failf(exitFailed, "%s: %w", clean(s.list), err)
	}
	if len(list) == 0 {
		return nil, failf(exitFailed, "%s names no bundle", clean(s.list))
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}

// readList reads the first column of a CSV, with or without a header, or the member bundle of JSON lines.
func readList(from io.Reader) ([]seal.LeafIndex, error) {
	r := bufio.NewReaderSize(from, 64<<10)
	if mark, _ := r.Peek(3); bytes.Equal(mark, []byte("\xef\xbb\xbf")) { // spreadsheets put it there
		r.Discard(3)
	}
	head, err := r.Peek(4 << 10)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if bytes.HasPrefix(bytes.TrimSpace(head), []byte("{")) {
		return readJSONLines(r)
	}
	first, _, _ := strings.Cut(string(head), "\n")
	c := csv.NewReader(r)
	c.FieldsPerRecord, c.LazyQuotes, c.ReuseRecord = -1, true, true
	commaFor(first, c)
	return readColumn(c)
}

func readColumn(c *csv.Reader) (list []seal.LeafIndex, err error) {
	for n := 1; ; n++ {
		row, err := c.Read()
		if err == io.EOF {
			return list, nil
		}
		if err != nil {
			return nil, err
		}
		leaf, err := bundleNumber(row[0])
		if err != nil && n > 1 {
			line, _ := c.FieldPos(0)
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		if err == nil {
			list = append(list, leaf)
		} else if !strings.EqualFold(strings.TrimSpace(row[0]), "bundle") {
			return nil, fmt.Errorf("line 1: the first column is neither a number nor headed bundle")
		}
	}
}

func readJSONLines(r io.Reader) (list []seal.LeafIndex, err error) {
	d := json.NewDecoder(r)
	for n := 1; ; n++ {
		var line struct {
			Schema string          `json:"schema"`
			Bundle *seal.LeafIndex `json:"bundle"`
		}
		switch err := d.Decode(&line); {
		case err == io.EOF:
			return list, nil
		case err != nil:
			return nil, fmt.Errorf("object %d: %w", n, err)
		case line.Bundle != nil && *line.Bundle >= 0:
			list = append(list, *line.Bundle)
		case n > 1 || line.Schema == "":
			return nil, fmt.Errorf("object %d names no bundle", n)
		}
	}
}
