package container

import (
	"strings"
	"testing"
	"unicode"
)

func TestCheckName(t *testing.T) {
	tests := []struct{ name, want string }{
		{"bundle.sigstore.json", ""},
		{"documents/Karta informacyjna leczenia szpitalnego.xml", ""},
		{"documents/Виписка з медичної картки.pdf", ""},
		{"documents/zażółć gęślą jaźń ąčęėįšųūž.xml", ""},
		{"documents/0123456789~#%&()=`@{[]}'.txt", ""}, // libdigidocpp's awkward but legal name
		{"documents/-rf", ""},
		{"documents/.hidden", ""},
		{"documents/~$opis.docx", ""},
		{"data/%7Etest1.txt", ""},
		{"a..b", ""}, {"...a", ""},
		{"CONSENT.pdf", ""}, {"COM10", ""}, {"nulla", ""},
		{"a~b", ""}, {"skan~1 strona.pdf", ""}, {"x.tar~1", ""},

		{"", CodeNameTraversal}, {"a//b", CodeNameTraversal}, {"a/", CodeNameTraversal},
		{".", CodeNameTraversal}, {"..", CodeNameTraversal}, {"./a", CodeNameTraversal},
		{"a/../../b", CodeNameTraversal}, {`..\a`, CodeNameTraversal}, {`a\..\..\b`, CodeNameTraversal},

		{"/etc/passwd", CodeNameAbsolute}, {"//server/share/x", CodeNameAbsolute},
		{`\\server\share\x`, CodeNameAbsolute}, {`\x`, CodeNameAbsolute}, {`\\?\C:\x`, CodeNameAbsolute},
		{"C:/x", CodeNameAbsolute}, {"c:x", CodeNameAbsolute}, {`C:\x`, CodeNameAbsolute},
		{"~/foo", CodeNameAbsolute}, {"~root/foo", CodeNameAbsolute},

		{"CON", CodeNameReserved}, {"con.txt", CodeNameReserved}, {"documents/Nul.tar.gz", CodeNameReserved},
		{"AUX .txt", CodeNameReserved}, {"COM1", CodeNameReserved}, {"lpt9.xml", CodeNameReserved},
		{"COM².x", CodeNameReserved}, {"CONIN$", CodeNameReserved}, {"d/PRN/x", CodeNameReserved},
		{"a.", CodeNameReserved}, {"a ", CodeNameReserved}, {"d /a", CodeNameReserved}, {"...", CodeNameReserved}, {" ", CodeNameReserved},
		{"ab:c", CodeNameReserved}, {"a:b", CodeNameAbsolute}, {"a<b", CodeNameReserved}, {"a?", CodeNameReserved}, {"a*", CodeNameReserved},
		{`a"b`, CodeNameReserved}, {"a|b", CodeNameReserved}, {`a\b`, CodeNameReserved}, {`%HomeDrive%\x`, CodeNameReserved},
		{"a\nb", CodeNameReserved}, {"a\x00b", CodeNameReserved}, {"a\x7fb", CodeNameReserved}, {"a\u0085b", CodeNameReserved},
		{"wynik\u202efdp.exe", CodeNameReserved}, {"a\u2066b", CodeNameReserved}, {"a\u200fb", CodeNameReserved},
		{"a\u200bb", CodeNameReserved}, {"\ufeffa", CodeNameReserved}, {"a\u2028b", CodeNameReserved}, {"a\ufffeb", CodeNameReserved},
		{"DOKUME~1.PDF", CodeNameReserved}, {"a/progra~2/b", CodeNameReserved},

		{"a\xffb", CodeNameEncoding}, {"a\xc0\xafb", CodeNameEncoding}, {"\xed\xa0\x80", CodeNameEncoding},
		{"o\u0301.xml", CodeNameEncoding}, {"\u212b", CodeNameEncoding}, // Angstrom sign

		{strings.Repeat("a", 255), ""}, {strings.Repeat("a", 256), CodeNameTooLong},
		{strings.Repeat(strings.Repeat("a", 200)+"/", 3), CodeNameTooLong},
		{"1/2/3/4/5/6/7/8", ""}, {"1/2/3/4/5/6/7/8/9", CodeNameTooLong},
	}
	for _, tt := range tests {
		if got := codeOf(CheckName(tt.name, Limits{})); got != tt.want {
			t.Errorf("CheckName(%q) = %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestSafeName(t *testing.T) {
	long := strings.Repeat("ż", 200)
	tests := []struct{ name, want string }{
		{"wynik.xml", "wynik.xml"},
		{"zażółć.pdf", "zażółć.pdf"},
		{"o\u0301.xml", "ó.xml"},
		{"", "_"}, {".", "_"}, {"..", "_"}, {" . ", "_"}, {"\xff", "_"},
		{"a/b\\c:d", "a_b_c_d"},
		{"../../etc/passwd", ".._.._etc_passwd"},
		{"RTG 12:30?.dcm", "RTG 12_30_.dcm"},
		{"wynik\u202efdp.exe", "wynik_fdp.exe"},
		{"con.txt", "con_.txt"}, {"NUL", "NUL_"}, {"AUX .x", "AUX_.x"}, {"COM1.tar.gz", "COM1_.tar.gz"},
		{"DOKUME~1.PDF", "DOKUME_1.PDF"},
		{"opis. ", "opis"},
		{long + ".pdf", strings.Repeat("ż", 125) + ".pdf"},
		{long, strings.Repeat("ż", 127)},
		{long + "." + long, strings.Repeat("ż", 127)},
	}
	for _, tt := range tests {
		if got := SafeName(tt.name); got != tt.want {
			t.Errorf("SafeName(%q) = %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestTwin(t *testing.T) {
	twins := [][2]string{
		{"a.XML", "A.xml"}, {"ó", "o\u0301"}, {"Ó", "o\u0301"}, {"ŻÓŁĆ", "żółć"}, {"ВИПИСКА", "виписка"},
		{"straße", "STRASSE"}, {"\u212a", "k"}, {"ſ", "S"}, {"ΑΣ", "ας"}, {"a.", "a"}, {"d. /x", "D/x"}, {"\ufb01", "FI"}, {"\u13bc", "\uab8c"},
		{"\u0345\u0301", "\u0301\u0399"}, // needs normal form D before folding, too
	}
	for _, p := range twins {
		if Twin(p[0]) != Twin(p[1]) {
			t.Errorf("Twin(%q) = %q, Twin(%q) = %q; want the same", p[0], Twin(p[0]), p[1], Twin(p[1]))
		}
	}
	for _, p := range [][2]string{{"ł", "l"}, {"ı", "i"}, {"a b", "ab"}, {".a", "a"}, {"a/b", "ab"}} {
		if Twin(p[0]) == Twin(p[1]) {
			t.Errorf("%q and %q are twins, want not", p[0], p[1])
		}
	}
}

// Whatever unicode calls another case of a letter must be its twin. (Not the
// reverse mappings of the Turkish i: they are no case pair elsewhere.)
func TestTwinEveryLetter(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		for _, f := range []rune{unicode.SimpleFold(r), unicode.ToLower(r), unicode.ToUpper(r)} {
			if f == r || r == 'İ' || r == 'ı' {
				continue
			}
			if a, b := Twin(string(r)), Twin(string(f)); a != b {
				t.Errorf("%U and %U: %q and %q", r, f, a, b)
			}
		}
	}
}
