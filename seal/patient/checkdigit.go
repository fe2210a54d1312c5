package patient

import "regexp"

// The functions here take canonical values and answer with a doubt, in words that do not contain the value,
// or with "". The weights are those of the registers, as gathered in the design's table of identifiers.

const (
	notElevenDigits = "not 11 digits"
	notTenDigits    = "not 10 digits"
	wrongCheckDigit = "the check digit does not fit"
	noDate          = "it does not hold a real birth date"
)

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// weigh sums digits by weights; the value may be longer than the weights.
func weigh(s string, weights ...int) int {
	sum := 0
	for i, w := range weights {
		sum += w * int(s[i]-'0')
	}
	return sum
}

func isDigit(s string, at, want int) bool { return int(s[at]-'0') == want }

func peselDoubt(s string) string {
	if len(s) != 11 || !allDigits(s) {
		return notElevenDigits
	}
	if _, ok := peselBorn(s); !ok {
		return noDate
	}
	if !isDigit(s, 10, (10-weigh(s, 1, 3, 7, 9, 1, 3, 7, 9, 1, 3)%10)%10) {
		return wrongCheckDigit
	}
	return ""
}

// rnokppDoubt: the first weight is −1, so the sum can be negative and % needs help to be a modulus.
func rnokppDoubt(s string) string {
	if len(s) != 10 || !allDigits(s) {
		return notTenDigits
	}
	sum := weigh(s, -1, 5, 7, 9, 4, 6, 10, 5, 7)
	if !isDigit(s, 9, (sum%11+11)%11%10) {
		return wrongCheckDigit
	}
	return ""
}

// akDoubt: a birth date with month or day 00 is not doubted, the register gives those where the day is not known.
func akDoubt(s string) string {
	if len(s) != 11 || !allDigits(s) {
		return notElevenDigits
	}
	if _, ok := akBorn(s); !ok && s[0] >= '1' && s[0] <= '6' && s[3:5] != "00" && s[5:7] != "00" {
		return noDate
	}
	want := weigh(s, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1) % 11
	if want == 10 {
		want = weigh(s, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3) % 11 % 10
	}
	if !isDigit(s, 10, want) {
		return wrongCheckDigit
	}
	return ""
}

func unzrDoubt(s string) string {
	if len(s) != 14 || s[8] != '-' || !allDigits(s[:8]+s[9:]) {
		return "not YYYYMMDD-NNNNN"
	}
	if _, ok := unzrBorn(s); !ok {
		return noDate
	}
	return ""
}

var (
	// Since 2003 the series is a Roman numeral and two letters (І-АМ); older and shortened ones have the letters only.
	certificatePattern = regexp.MustCompile(`^[ІVХ]{0,4}[А-ЩЮЯІЇЄҐ]{2}\d{6}$`)
	bookletPattern     = regexp.MustCompile(`^[А-ЩЮЯІЇЄҐ]{2}\d{6}$`)
	idCardPattern      = regexp.MustCompile(`^\d{9}$`)
)

func certificateDoubt(s string) string {
	if !certificatePattern.MatchString(s) {
		return "not a series of two Cyrillic letters and six digits"
	}
	return ""
}

func uaPassportDoubt(s string) string {
	if !bookletPattern.MatchString(s) && !idCardPattern.MatchString(s) {
		return "neither two Cyrillic letters and six digits nor nine digits"
	}
	return ""
}
