package patient

import "time"

// The birth date and sex that a canonical number carries, where it carries any.

// peselBorn: the month carries the century, +80 for 1800, +0 for 1900, +20 for 2000 and so on to 2200.
func peselBorn(s string) (string, bool) {
	if len(s) != 11 || !allDigits(s) {
		return "", false
	}
	month := number(s[2:4])
	century := [...]int{1900, 2000, 2100, 2200, 1800}[month/20]
	return date(century+number(s[:2]), month%20, number(s[4:6]))
}

// rnokppBorn: the first five digits count days, 1 being 1 January 1900.
func rnokppBorn(s string) (string, bool) {
	if len(s) != 10 || !allDigits(s) || s[:5] == "00000" {
		return "", false
	}
	return time.Date(1899, 12, 31+number(s[:5]), 0, 0, 0, 0, time.UTC).Format(time.DateOnly), true
}

// akBorn: the first digit carries the century and the sex, 1 and 2 for the 1800s, 3 and 4, 5 and 6.
func akBorn(s string) (string, bool) {
	if len(s) != 11 || !allDigits(s) || s[0] < '1' || s[0] > '6' {
		return "", false
	}
	return date(1800+100*((number(s[:1])-1)/2)+number(s[1:3]), number(s[3:5]), number(s[5:7]))
}

func unzrBorn(s string) (string, bool) {
	if len(s) != 14 || !allDigits(s[:8]) {
		return "", false
	}
	return date(number(s[:4]), number(s[4:6]), number(s[6:8]))
}

func peselSex(s string) string {
	if len(s) != 11 || !allDigits(s) {
		return ""
	}
	return oddIsMale(s[9])
}

func akSex(s string) string {
	if len(s) != 11 || !allDigits(s) || s[0] < '1' || s[0] > '6' {
		return ""
	}
	return oddIsMale(s[0])
}

func oddIsMale(digit byte) string {
	if digit%2 == 1 {
		return "M"
	}
	return "F"
}

// number reads decimal digits; the caller has checked that they are.
func number(s string) int {
	n := 0
	for i := range len(s) {
		n = 10*n + int(s[i]-'0')
	}
	return n
}

// date is false for the 30th of February: time.Date would silently make it March.
func date(year, month, day int) (string, bool) {
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if t.Year() != year || int(t.Month()) != month || t.Day() != day {
		return "", false
	}
	return t.Format(time.DateOnly), true
}
