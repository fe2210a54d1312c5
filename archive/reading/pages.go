package reading

import (
	"bytes"
	"fmt"
	"html/template"
	"path"
	"strings"
	"unicode"

	"kartoteka/seal"
)

// indexTemplate is a page that needs no script and no network.
var indexTemplate = template.Must(template.New("index").Funcs(template.FuncMap{"plain": plain, "day": day, "base": path.Base}).Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Medical records · Dokumentacja medyczna · Медична документація · Medicinos dokumentai</title>
<style>body{font:16px/1.5 sans-serif;margin:2em auto;max-width:60em;padding:0 1em}table{border-collapse:collapse;width:100%}
td,th{border:1px solid #999;padding:.3em .6em;text-align:left;vertical-align:top}th{background:#eee}</style></head><body>
<h1>Medical records · Dokumentacja medyczna · Медична документація · Medicinos dokumentai</h1>
<p>{{plain .Controller.Name}} ({{.Controller.Country}}) · {{.Packet.Made}}</p>
<table><tr><th>File</th><th>Document</th><th>Date</th><th>Language</th></tr>
{{range .Packet.Bundles}}{{range .Documents}}<tr><td><a href="{{.Path}}">{{base .Path}}</a></td><td>{{if .Title}}{{plain .Title}}<br>{{end}}<small>{{plain .Name}}{{with .Class}} · {{plain .}}{{end}}{{with .MediaType}} · {{plain .}}{{end}}</small></td><td>{{plain (day .Authored)}}</td><td>{{plain .Language}}</td></tr>
{{end}}{{end}}</table>
<p>Documents of this patient in the archive that are not in this packet: {{.Packet.LeftOut}}.</p>
<p>README.TXT says how to check that these documents are genuine. · README.TXT mówi, jak sprawdzić autentyczność dokumentów. ·
README.TXT пояснює, як перевірити справжність документів. · README.TXT paaiškina, kaip patikrinti dokumentų tikrumą.</p>
</body></html>
`))

// plain makes a text from outside show what it says: control characters, line ends and bidirectional overrides become
// U+FFFD.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// day is the date of a time as documents write it.
func day(t string) string {
	d, _, _ := strings.Cut(t, "T")
	return d
}

func indexPage(p seal.Packet, c seal.Controller) ([]byte, error) {
	var b bytes.Buffer
	err := indexTemplate.Execute(&b, struct {
		Packet     seal.Packet
		Controller seal.Controller
	}{p, c})
	return b.Bytes(), err
}

func readmePage(p seal.Packet, c seal.Controller) []byte {
	return fmt.Appendf(nil, `EN  Copies of medical documents from the archive of %[1]s, log %[2]s, made %[3]s.
    INDEX.HTM lists them; the files are byte for byte those the hospital received. To check them offline:
        kartoteka verify packet FILE.zip --policy policy.json
    policy.json comes from the archive or from somebody you trust, never from this packet.
    PROOF/MANIFEST.TXT can be checked with: sha256sum -c PROOF/MANIFEST.TXT

PL  Kopie dokumentów medycznych z archiwum: %[1]s, dziennik %[2]s, sporządzono %[3]s.
    INDEX.HTM zawiera ich spis; pliki są co do bajtu takie, jakie otrzymał szpital. Sprawdzenie bez sieci:
    polecenie jak wyżej; plik policy.json należy wziąć z archiwum lub od zaufanej osoby, nigdy z tego pakietu.

UK  Копії медичних документів з архіву: %[1]s, журнал %[2]s, виготовлено %[3]s.
    INDEX.HTM містить їх перелік; файли побайтово ті самі, що отримала лікарня. Перевірка без мережі:
    команда вище; файл policy.json беруть з архіву або від довіреної особи, ніколи з цього пакета.

LT  Medicinos dokumentų kopijos iš archyvo: %[1]s, žurnalas %[2]s, sudaryta %[3]s.
    INDEX.HTM yra jų sąrašas; failai baitas į baitą tokie, kokius gavo ligoninė. Patikra be tinklo:
    komanda aukščiau; policy.json imamas iš archyvo ar iš patikimo asmens, niekada ne iš šio paketo.
`, plain(c.Name), p.Origin, p.Made)
}

// releasePage is the entry of the register of releases (UPP art. 27(4)), for the person who carries it.
func releasePage(r seal.Release, leaf seal.LeafIndex) []byte {
	return fmt.Appendf(nil, `Register of releases, event %d of the log

request          %s
received by      %s (%s)
identity         %s %s, ends in %s, checked by %s
legal basis      %s
way              %s
fee              %s
released         %s
documents        %d in %d bundles; %d left out
`, leaf, plain(r.Request), plain(r.Requester.Name), plain(r.Requester.Relation), plain(r.Evidence.Kind), plain(r.Evidence.Country),
		plain(r.Evidence.Last4), plain(r.Evidence.CheckedBy), plain(r.Basis), plain(r.Way), plain(r.Fee), r.Released, r.Documents, len(r.Bundles), r.LeftOut)
}
