package corpus

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// serials hands out the running number of a birth date and sex, from 0: real registers are long past these.
type serials map[string]int

func (s serials) next(birth time.Time, female bool) int {
	key := fmt.Sprint(birth.Format("20060102"), female)
	n := s[key]
	s[key]++
	if female {
		return 2 * n // even is female in PESEL and RNOKPP
	}
	return 2*n + 1
}

func digitsSum(s string, weights ...int) int {
	sum := 0
	for i, w := range weights {
		sum += w * int(s[i]-'0')
	}
	return sum
}

// pesel follows the population register act: month + 20 for the 2000s; weights 1 3 7 9.
func pesel(birth time.Time, serial int) string {
	month := int(birth.Month())
	if birth.Year() >= 2000 {
		month += 20
	}
	s := fmt.Sprintf("%02d%02d%02d%04d", birth.Year()%100, month, birth.Day(), serial)
	return s + fmt.Sprint((10-digitsSum(s, 1, 3, 7, 9, 1, 3, 7, 9, 1, 3)%10)%10)
}

// rnokpp counts days since 1899-12-31; the ninth digit tells the sex.
func rnokpp(birth time.Time, serial int) string {
	days := int(birth.Sub(time.Date(1899, 12, 31, 0, 0, 0, 0, time.UTC)) / (24 * time.Hour))
	s := fmt.Sprintf("%05d%04d", days, serial)
	sum := digitsSum(s, -1, 5, 7, 9, 4, 6, 10, 5, 7)
	return s + fmt.Sprint(((sum%11)+11)%11%10)
}

// asmensKodas is the Lithuanian personal code: 3/4 for the 1900s, 5/6 for the 2000s.
func asmensKodas(birth time.Time, serial int) string {
	first := 3
	if birth.Year() >= 2000 {
		first = 5
	}
	if serial%2 == 0 {
		first++
	}
	s := fmt.Sprintf("%d%s%03d", first, birth.Format("060102"), serial/2)
	check := digitsSum(s, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1) % 11
	if check == 10 {
		check = digitsSum(s, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3) % 11 % 10
	}
	return s + fmt.Sprint(check)
}

// uuid is a random (version 4) one, from the seed.
func uuid(r *rand.Rand) string {
	a, b := r.Uint64(), r.Uint64()
	a = a&^0xf000 | 0x4000
	b = b&^(3<<62) | 2<<62
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", a>>32, a>>16&0xffff, a&0xffff, b>>48, b&(1<<48-1))
}

// dicomUID lies under 2.25, where no registration is needed (PS3.5 B.2); 39 digits at most.
func dicomUID(r *rand.Rand) string {
	return fmt.Sprintf("2.25.%d%018d", r.Uint64()>>1, r.Uint64()%1e18)
}

// oidOf is the root under which CDA and FHIR carry an identifier of the system.
func oidOf(system string, h Hospital) string {
	switch system {
	case "pl.pesel":
		return "2.16.840.1.113883.3.4424.1.1.616"
	case "passport.UA":
		return "2.16.840.1.113883.4.330.804"
	case "passport.LT":
		return "2.16.840.1.113883.4.330.440"
	case "passport.PL":
		return "2.16.840.1.113883.4.330.616"
	case "ua.rnokpp":
		return "2.999.804.1"
	case "ua.birth_certificate":
		return "2.999.804.2"
	case "ua.unzr":
		return "2.999.804.3"
	case "lt.ak":
		return "2.999.440.1"
	}
	return h.Root + ".2" // the hospital's own numbers
}
