package patient

import (
	"strings"
	"testing"
)

// Published codes: JewishGen, Avotaynu and the test suites of Apache commons-codec and PostgreSQL fuzzystrmatch.
// Where the last two differ, PostgreSQL is followed.
func TestSoundexPublished(t *testing.T) {
	for _, tt := range []struct{ name, want string }{
		{"Moskowitz", "645740"},
		{"Moskovitz", "645740"},
		{"Peters", "734000 739400"},
		{"Peterson", "734600 739460"},
		{"Jackson", "145460 154600 445460 454600"},
		{"Auerbach", "097400 097500"},
		{"Ohrbach", "097400 097500"},
		{"Lipshitz", "874400"},
		{"Lippszyc", "874400 874500"},
		{"Lewinsky", "876450"},
		{"Levinski", "876450"},
		{"Szlamawicz", "486740"},
		{"Shlamovitz", "486740"},
		{"Kleinman", "586660"},
		{"Kleinmann", "586660"},
		{"Berlin", "798600"},
		{"Ceniow", "467000 567000"},
		{"Tsenyuv", "467000"},
		{"Holubica", "587400 587500"},
		{"Golubitsa", "587400"},
		{"Przemysl", "746480 794648"},
		{"Pshemeshil", "746480"},
		{"Rosochowaciec", "944744 944745 944754 944755 945744 945745 945754 945755"},
		{"Rosokhovatsets", "945744"},
		{"Golden", "583600"},
		{"Alpert", "087930"},
		{"Breuer", "791900"},
		{"Freud", "793000"},
		{"Haber", "579000"},
		{"Mannheim", "665600"},
		{"Mintz", "664000"},
		{"Topf", "370000"},
		{"Augsburg", "054795"},
		{"Halberstadt", "587433 587943"},
		{"Chernowitz", "496740 596740"},
		{"Cherkassy", "495400 595400"},
		{"Aksol", "054800"},
		{"Akssol", "054800"},
		{"George", "595000"},
		{"John", "160000 460000"},
		{"Schwartzenegger", "479465"},
		{"O'Brien", "079600"},
		{"'OBrien", "079600"},
		{"Straßburg", "294795"},
		{"Éregon", "095600"},
		{"Müller", "689000"},
		{"Schäfer", "479000"},
		{"ţamas", "364000 464000"},
		{"țamas", "364000 464000"},
		{"CJC", "400000 440000 450000 540000 545000 550000"},
		{"Besst", "743000"},
		{"Bouey", "710000"},
		{"Hannmann", "566600"},
		{"Accurso", "044000 045400 045940 049400 054000 054400 054940 059400"},
		{"Bierschbach", "745740 745750 747400 747500 794574 794575 794740 794750"},
		{"Gerschfeld", "545783 547830 594578 594783"},
		{"", ""},
		{"12-3", ""},
		{"王", ""},
	} {
		if got := strings.Join(NameCodes(tt.name), " "); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

// A name of several words is coded as one word (the published way) and by each part.
func TestNameCodesOfParts(t *testing.T) {
	for _, tt := range []struct{ name, want string }{
		{"Ben Aron", "096000 760000 769600"},
		{"Nowy Targ", "395000 670000 673950"},
		{"Lis-Kot", "530000 840000 845300"},
		{" Lis – Kot ", "530000 840000 845300"},
	} {
		if got := strings.Join(NameCodes(tt.name), " "); got != tt.want {
			t.Errorf("%q: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

// The first twenty or so are the resolution's own examples.
func TestRomanize(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"Алушта", "Alushta"}, {"Андрій", "Andrii"}, {"Борщагівка", "Borshchahivka"}, {"Борисенко", "Borysenko"},
		{"Вінниця", "Vinnytsia"}, {"Володимир", "Volodymyr"}, {"Гадяч", "Hadiach"}, {"Згурський", "Zghurskyi"},
		{"Ґалаґан", "Galagan"}, {"Донецьк", "Donetsk"}, {"Єнакієве", "Yenakiieve"}, {"Гаєвич", "Haievych"},
		{"Короп'є", "Koropie"}, {"Житомир", "Zhytomyr"}, {"Жанна", "Zhanna"}, {"Жежелів", "Zhezheliv"},
		{"Закарпаття", "Zakarpattia"}, {"Їжакевич", "Yizhakevych"}, {"Кадиївка", "Kadyivka"}, {"Мар'їне", "Marine"},
		{"Йосипівка", "Yosypivka"}, {"Стрий", "Stryi"}, {"Олексій", "Oleksii"}, {"Київ", "Kyiv"},
		{"Щербухи", "Shcherbukhy"}, {"Гоща", "Hoshcha"}, {"Гаращенко", "Harashchenko"}, {"Юрій", "Yurii"},
		{"Корюківка", "Koriukivka"}, {"Яготин", "Yahotyn"}, {"Костянтин", "Kostiantyn"}, {"Знам'янка", "Znamianka"},
		{"Феодосія", "Feodosiia"}, {"Розгон", "Rozghon"},

		{"Дем'яненко", "Demianenko"}, {"Дем’яненко", "Demianenko"}, {"Демʼяненко", "Demianenko"},
		{"Дем\"яненко", "Demianenko"}, {"ДЕМ'ЯНЕНКО", "DEMIANENKO"},
		{"ЩЕРБА", "SHCHERBA"}, {"Щ", "Shch"}, {"Нечуй-Яценко", "Nechui-Yatsenko"}, {"Анна Ющенко", "Anna Yushchenko"},
		{"Шевче\u0301нко", "Shevchenko"}, {"Юрі\u0438\u0306", "Yurii"},
		{"Объедков", "Obedkov"}, {"Ёлкин", "Yolkyn"}, {"Королёв", "Koroliov"}, {"Рыбак", "Rybak"}, {"Эдуард", "Eduard"},
		{"O'Brien", "O'Brien"}, {"Łukasz", "Łukasz"}, {"Żo\u0301łw", "Żółw"}, {"", ""},
	} {
		if got := Romanize(tt.in); got != tt.want {
			t.Errorf("Romanize(%q): got %q, want %q", tt.in, got, tt.want)
		}
	}
}

// Each row is one name as a Ukrainian card, a passport, a Polish ear, a Lithuanian register might write it: every
// pair within a row must match.
var spellings = []string{
	"Шевченко Shevchenko Szewczenko Ševčenko ШЕВЧЕНКО shevchenko",
	"Дем'яненко Demianenko Demjanenko Demyanenko Дем’яненко Демьяненко",
	"Юрій Yurii Jurij Yuriy Iurii Юрий",
	"Kowalska Ковальська Kovalska Kowalski Ковальський Ковальская",
	"Ковальская Kovalskaja Kovalskaya",
	"Łukasz Лукаш Lukash Lukaš",
	"Ковальчук Kovalchuk Kowalczuk Kovalčuk",
	"Грищенко Hryshchenko Hryszczenko Gryszczenko Hriščenko Грищенко",
	"Ющенко Yushchenko Juszczenko Juščenko Iushchenko",
	"Щербак Shcherbak Szczerbak Ščerbak Щербак",
	"Бойко Boiko Bojko Boyko",
	"Лисенко Lysenko Łysenko Lisenko Лысенко",
	"Цимбалюк Tsymbaliuk Cymbaluk Cymbaliuk",
	"Яценюк Yatseniuk Jaceniuk Jaceniuk Iatseniuk",
	"Хмельницький Khmelnytskyi Chmielnicki Хмельницкий Chmelnickij",
	"Лозинський Lozynskyi Łoziński Lozinski",
	"Вишневський Vyshnevskyi Wiszniewski Wiśniewski",
	"Войтович Voitovych Wojtowicz Voitovič",
	"Мельничук Melnychuk Mielniczuk Melničuk",
	"Гончаренко Honcharenko Honczarenko Gončarenko Goncharenko",
	"Чорновіл Chornovil Czornowił Čornovil",
	"Коцюбинський Kotsiubynskyi Kociubiński Kociubinski",
	"Кравчук Kravchuk Krawczuk Kravčuk",
	"Згурський Zghurskyi Zgurski",
	"Ґудзь Gudz Gudź",
	"Їжакевич Yizhakevych Jiżakewycz",
	"Жук Zhuk Żuk Žuk",
	"Шульга Shulha Szulga Šulga Shulga",
	"Дзюба Dziuba Dziuba",
	"Ждан Zhdan Żdan Ždan Zdan",
	"Валенса Valensa Wałęsa",
	"Стельмах Stelmakh Stelmach",
	"Богдан Bohdan",
	"Богдан Bogdan",
	"Олег Oleh",
	"Олег Oleg",
	"Ігор Ihor Igor Игорь",
	"Иван Ivan Іван Iwan",
	"Катерина Kateryna Katerina",
	"Олександр Oleksandr Aleksander Александр Alexander",
	"Олексій Oleksii Aleksiej Алексей",
	"Микола Mykola Mikołaj",
	"Марія Mariia Maria Marija Мария",
	"Юлія Yuliia Julia Julija Юлия",
	"Яна Yana Jana",
	"Софія Sofiia Zofia Sofija",
	"Наталія Nataliia Natalia Natalija Наталья",
	"Тетяна Tetiana Tatjana Татьяна",
	"Павло Pavlo Pawlo Pavło",
	"Василь Vasyl Wasyl",
	"Ярослав Yaroslav Jarosław Jaroslav",
	"Христина Khrystyna Chrystyna Krystyna",
	"Євген Yevhen Jewhen Jewgen",
	"Григорій Hryhorii Grigorij Григорий",
	"Володимир Volodymyr Wołodymyr Volodimir",
	"Žukauskas Жукаускас Zhukauskas",
	"Żukowski Жуковський Zhukovskyi Žukovski",
	"Jankauskienė Янкаускене Jankauskiene",
	"Kowalska-Nowak Nowak-Kowalska Kowalska",
}

func TestMatchAcrossAlphabets(t *testing.T) {
	pairs := 0
	for _, row := range spellings {
		names := strings.Fields(row)
		for i, a := range names {
			for _, b := range names[i+1:] {
				pairs++
				if !Match(a, b) || !Match(b, a) {
					t.Errorf("%s %v and %s %v do not match", a, NameCodes(a), b, NameCodes(b))
				}
			}
		}
	}
	if pairs < 45 {
		t.Errorf("only %d pairs", pairs)
	}
}

// What the method honestly misses. A change that finds one of these is welcome; it moves the row up.
func TestMatchMisses(t *testing.T) {
	for _, tt := range []struct{ a, b, why string }{
		{"Anna", "Ганна", "translated"},
		{"Sergejus", "Сергій", "Lithuanian ending"},
		{"Андрій", "Andrzej", "translated"},
		{"Євген", "Eugeniusz", "translated"},
		{"Володимир", "Włodzimierz", "translated"},
		{"Катерина", "Katarzyna", "translated"},
		{"Žukauskas", "Żukowski", "Lithuanian ending"},
		{"Kowalska", "Kovalskienė", "Lithuanian ending"},
		{"Bohdan", "Bogdan", "г read two ways, and no Cyrillic left to tell"},
		{"Oleh", "Oleg", "the same"},
		{"Юрій", "Jurijs", "Latvian ending"},
		{"Kowalska", "Kovalskaja", "Russian ending, and no Cyrillic left to tell"},
		{"Шевченко", "Коваленко", "other people"},
		{"Kowalska", "Nowak", "other people"},
		{"", "", "nothing"},
	} {
		if Match(tt.a, tt.b) {
			t.Errorf("%s and %s match, though %s", tt.a, tt.b, tt.why)
		}
	}
}

func TestNameCodesBounded(t *testing.T) {
	for _, s := range []string{strings.Repeat("rscjck", 40), strings.Repeat("cj ", 80), strings.Repeat("ą", 128)} {
		if n := len(NameCodes(s)); n > maxNameCodes {
			t.Errorf("%d codes", n)
		}
	}
}
