package corpus

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// tongue is a language documents are written in. A sentence may hold {a|b|c} (one of them), {3-14} and
// {37.8-40.2} (a number, as exact as written), {drug}, {dx} and {organ}.
type tongue struct {
	code, region string
	decimalComma bool
	label        map[string]string // titles and table heads
	made         string            // says that the document is made up
	organs       []string

	complaint, history, exam, course, advice, image []string
}

func tongueOf(code string) *tongue {
	switch code {
	case "uk":
		return &ukrainian
	case "lt":
		return &lithuanian
	}
	return &polish
}

// narrator writes in one language about one illness.
type narrator struct {
	*tongue
	source  *rand.Rand
	illness string
}

// sentences draws n different sentences of the list, in order, each filled anew.
func (n narrator) sentences(list []string, count int) []string {
	var out []string
	for i, left := 0, min(count, len(list)); i < len(list) && left > 0; i++ {
		if n.source.IntN(len(list)-i) < left {
			out = append(out, n.fill(list[i]))
			left--
		}
	}
	return out
}

func (n narrator) paragraph(list []string, low, high int) string {
	return strings.Join(n.sentences(list, between(n.source, low, high)), " ")
}

// fill replaces slots from the inside out: alternatives may hold numbers.
func (n narrator) fill(sentence string) string {
	for {
		end := strings.IndexByte(sentence, '}')
		if end < 0 {
			return sentence
		}
		start := strings.LastIndexByte(sentence[:end], '{')
		sentence = sentence[:start] + n.slot(sentence[start+1:end]) + sentence[end+1:]
	}
}

func (n narrator) slot(slot string) string {
	switch {
	case strings.Contains(slot, "|"):
		return pick(n.source, strings.Split(slot, "|"))
	case slot == "drug":
		return n.dose()
	case slot == "dx":
		return n.illness
	case slot == "organ":
		return pick(n.source, n.organs)
	}
	low, high, _ := strings.Cut(slot, "-")
	return n.number(low, high)
}

// number draws between two bounds, with as many decimals as the bounds show.
func (n narrator) number(low, high string) string {
	_, fraction, _ := strings.Cut(low, ".")
	scale := 1
	for range fraction {
		scale *= 10
	}
	a, _ := strconv.ParseFloat(low, 64)
	b, _ := strconv.ParseFloat(high, 64)
	v := between(n.source, int(a*float64(scale)+.5), int(b*float64(scale)+.5))
	return n.decimal(float64(v)/float64(scale), len(fraction))
}

func (n narrator) decimal(v float64, digits int) string {
	s := strconv.FormatFloat(v, 'f', digits, 64)
	if n.decimalComma {
		s = strings.Replace(s, ".", ",", 1)
	}
	return s
}

func (n narrator) dose() string {
	d := pick(n.source, drugs)
	return fmt.Sprintf("%s %s %d × %d", d.name(n.code), pick(n.source, d.strengths), between(n.source, 1, 3), between(n.source, 1, 2))
}
