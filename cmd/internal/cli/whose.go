package cli

import (
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"kartoteka/archive"
	"kartoteka/cmd/internal/appraisal"
	"kartoteka/seal"
	"kartoteka/seal/patient"
)

// whose are the flags that say what an act is about: a patient, or bundles.
type whose struct {
	id      string
	bundles []string
}

func (w *whose) flags(set *pflag.FlagSet) {
	set.StringVar(&w.id, "id", "", "the patient's own number and its system, `SYSTEM=VALUE`")
	bundleFlag(set, &w.bundles)
}

func bundleFlag(set *pflag.FlagSet, to *[]string) {
	set.StringArrayVar(to, "bundle", nil, "a bundle's event `number`; may be repeated, or several with commas")
}

// whose gives what was named, and for a patient the query that finds the bundles there are.
func (w whose) whose(e *Env) (named appraisal.Whose, q archive.Query, err error) {
	if (w.id == "") == (len(w.bundles) == 0) {
		return named, q, usagef("name either the patient (--id SYSTEM=VALUE) or bundles (--bundle N)")
	}
	if w.id == "" {
		named.Bundles, err = bundleNumbers(w.bundles)
		return named, q, err
	}
	if q, err = (findOptions{id: w.id, role: patient.RoleOwn}).checked(); err != nil {
		return named, q, err
	}
	if warning := q.Identifier.Warning(); warning != "" {
		e.warn("%s", warning)
	}
	named.Identifier = q.Identifier
	return named, q, nil
}

// bundleNumbers reads what --bundle was given.
func bundleNumbers(given []string) (list []seal.LeafIndex, err error) {
	for _, text := range given {
		for one := range strings.SplitSeq(text, ",") {
			leaf, err := bundleNumber(one)
			if err != nil {
				return nil, usagef("--bundle: %w", err)
			}
			list = append(list, leaf)
		}
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}

func bundleNumber(text string) (seal.LeafIndex, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%.40q is no event's number", clean(text))
	}
	return seal.LeafIndex(n), nil
}

// day reads a flag that is a day; none where it is empty.
func day(flag, text string) (seal.Date, error) {
	if text == "" {
		return seal.Date{}, nil
	}
	d, err := seal.ParseDate(text)
	if err != nil {
		return d, usagef("--%s: %w", flag, err)
	}
	return d, nil
}

// yearEnd reads a flag that is a year, and means its last day; none where it is 0.
func yearEnd(flag string, year int) (seal.Date, error) {
	if year == 0 {
		return seal.Date{}, nil
	}
	if year < 1850 || year > 9999 {
		return seal.Date{}, usagef("--%s %d is no year", flag, year)
	}
	return seal.Date{Year: year, Month: 12, Day: 31}, nil
}

// must names the first flag that is needed and empty.
func must(flags ...[2]string) error {
	for _, f := range flags {
		if f[1] == "" {
			return usagef("--%s is needed", f[0])
		}
	}
	return nil
}

// commaFor guesses what separates the columns: spreadsheets of half of Europe write semicolons.
func commaFor(head string, r *csv.Reader) {
	best := 0
	for _, c := range ",;\t" {
		if n := strings.Count(head, string(c)); n > best {
			best, r.Comma = n, c
		}
	}
}
