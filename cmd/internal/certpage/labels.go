package certpage

import (
	"bytes"
	_ "embed"
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"

	"kartoteka/seal"
)

//go:embed labels.yaml
var labelsText []byte

// labels holds what the page says: by label, by language.
type labels map[string]map[string]string

func readLabels() (l labels, err error) {
	d := yaml.NewDecoder(bytes.NewReader(labelsText))
	if err := d.Decode(&l); err != nil {
		return nil, fmt.Errorf("labels: %w", err)
	}
	return l, nil
}

func (l labels) text(key, lang string) (string, error) {
	if s := l[key][lang]; s != "" {
		return s, nil
	}
	return "", fmt.Errorf("label %q is missing in %s", key, lang)
}

// language is one of the page's.
type language struct {
	Code   string
	Name   string   // in itself
	months []string // as a date has them
	date   string   // D, M and Y
	clock  string   // between date and hour
}

var languages = []language{
	{"pl", "Polski", []string{"stycznia", "lutego", "marca", "kwietnia", "maja", "czerwca", "lipca", "sierpnia", "września", "października", "listopada", "grudnia"}, "D M Y", ", godz. "},
	{"uk", "Українська", []string{"січня", "лютого", "березня", "квітня", "травня", "червня", "липня", "серпня", "вересня", "жовтня", "листопада", "грудня"}, "D M Y р.", ", "},
	{"lt", "Lietuvių", []string{"sausio", "vasario", "kovo", "balandžio", "gegužės", "birželio", "liepos", "rugpjūčio", "rugsėjo", "spalio", "lapkričio", "gruodžio"}, "Y m. M D d.", ", "},
	{"en", "English", []string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}, "D M Y", ", "},
}

func (l language) day(d seal.Date) string {
	if d.IsZero() {
		return ""
	}
	return strings.NewReplacer("D", fmt.Sprint(d.Day), "M", l.months[d.Month-1], "Y", fmt.Sprint(d.Year)).Replace(l.date)
}

func (l language) time(t seal.Time) string {
	return l.day(seal.DateIn(t.Time, t.Location())) + l.clock + t.Format("15:04:05") + " UTC"
}
