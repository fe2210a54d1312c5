package corpus

// diagnosis is an ICD-10 code with its name in three languages.
type diagnosis struct{ code, pl, uk, lt string }

func (d diagnosis) name(language string) string { return pickLanguage(language, d.pl, d.uk, d.lt) }

func pickLanguage(language, pl, uk, lt string) string {
	switch language {
	case "uk":
		return uk
	case "lt":
		return lt
	}
	return pl
}

var diagnoses = []diagnosis{
	{"J18.9", "zapalenie płuc", "пневмонія", "plaučių uždegimas"},
	{"J20.9", "ostre zapalenie oskrzeli", "гострий бронхіт", "ūminis bronchitas"},
	{"J45.0", "dychawica oskrzelowa alergiczna", "бронхіальна астма, алергічна", "alerginė bronchų astma"},
	{"J03.9", "ostre zapalenie migdałków", "гострий тонзиліт", "ūminis tonzilitas"},
	{"J21.9", "ostre zapalenie oskrzelików", "гострий бронхіоліт", "ūminis bronchiolitas"},
	{"A09", "nieżyt żołądkowo-jelitowy o prawdopodobnie zakaźnej etiologii", "гастроентерит інфекційного походження", "infekcinis gastroenteritas"},
	{"A08.0", "zapalenie jelit rotawirusowe", "ротавірусний ентерит", "rotavirusinis enteritas"},
	{"N10", "ostre cewkowo-śródmiąższowe zapalenie nerek", "гострий пієлонефрит", "ūminis pielonefritas"},
	{"N39.0", "zakażenie układu moczowego", "інфекція сечовивідних шляхів", "šlapimo takų infekcija"},
	{"K35.8", "ostre zapalenie wyrostka robaczkowego", "гострий апендицит", "ūminis apendicitas"},
	{"S52.5", "złamanie końca dalszego kości promieniowej", "перелом дистального кінця променевої кістки", "stipinkaulio distalinio galo lūžis"},
	{"S06.0", "wstrząśnienie mózgu", "струс головного мозку", "galvos smegenų sukrėtimas"},
	{"E10.9", "cukrzyca insulinozależna", "цукровий діабет 1 типу", "1 tipo cukrinis diabetas"},
	{"D50.9", "niedokrwistość z niedoboru żelaza", "залізодефіцитна анемія", "geležies stokos anemija"},
	{"G40.3", "padaczka uogólniona", "генералізована епілепсія", "generalizuota epilepsija"},
	{"H66.9", "zapalenie ucha środkowego", "середній отит", "vidurinės ausies uždegimas"},
	{"L20.9", "atopowe zapalenie skóry", "атопічний дерматит", "atopinis dermatitas"},
	{"Q21.1", "ubytek przegrody międzyprzedsionkowej", "дефект міжпередсердної перегородки", "prieširdžių pertvaros defektas"},
	{"B01.9", "ospa wietrzna", "вітряна віспа", "vėjaraupiai"},
	{"R56.0", "drgawki gorączkowe", "фебрильні судоми", "karščiavimo traukuliai"},
	{"K59.0", "zaparcie", "закреп", "vidurių užkietėjimas"},
	{"C91.0", "ostra białaczka limfoblastyczna", "гострий лімфобластний лейкоз", "ūminė limfoblastinė leukemija"},
	{"M08.0", "młodzieńcze zapalenie stawów", "ювенільний артрит", "jaunatvinis artritas"},
	{"I10", "nadciśnienie samoistne", "есенціальна гіпертензія", "pirminė arterinė hipertenzija"},
}

var newbornDiagnoses = []diagnosis{
	{"P59.9", "żółtaczka noworodkowa", "жовтяниця новонароджених", "naujagimių gelta"},
	{"P07.3", "inny wcześniak", "недоношена дитина", "neišnešiotas naujagimis"},
	{"Z38.0", "pojedyncze dziecko urodzone w szpitalu", "одноплідні пологи в лікарні", "vienas naujagimis, gimęs ligoninėje"},
	{"P22.1", "przejściowe przyspieszenie oddechów noworodka", "транзиторне тахіпное новонародженого", "praeinamoji naujagimio tachipnėja"},
}

// drug is an international name in three languages, with usual strengths.
type drug struct {
	pl, uk, lt string
	strengths  []string
}

func (d drug) name(language string) string { return pickLanguage(language, d.pl, d.uk, d.lt) }

var drugs = []drug{
	{"amoksycylina", "амоксицилін", "amoksicilinas", []string{"250 mg/5 ml", "375 mg", "500 mg"}},
	{"cefuroksym", "цефуроксим", "cefuroksimas", []string{"125 mg", "250 mg", "750 mg i.v."}},
	{"ceftriakson", "цефтріаксон", "ceftriaksonas", []string{"500 mg i.v.", "1 g i.v."}},
	{"azytromycyna", "азитроміцин", "azitromicinas", []string{"100 mg/5 ml", "250 mg"}},
	{"paracetamol", "парацетамол", "paracetamolis", []string{"120 mg/5 ml", "250 mg", "500 mg"}},
	{"ibuprofen", "ібупрофен", "ibuprofenas", []string{"100 mg/5 ml", "200 mg"}},
	{"salbutamol", "сальбутамол", "salbutamolis", []string{"100 µg", "2,5 mg/2,5 ml"}},
	{"budezonid", "будесонід", "budezonidas", []string{"0,25 mg/ml", "200 µg"}},
	{"deksametazon", "дексаметазон", "deksametazonas", []string{"1 mg", "4 mg/ml"}},
	{"prednizon", "преднізолон", "prednizolonas", []string{"5 mg", "10 mg"}},
	{"omeprazol", "омепразол", "omeprazolas", []string{"10 mg", "20 mg"}},
	{"cetyryzyna", "цетиризин", "cetirizinas", []string{"5 mg", "10 mg/ml"}},
	{"siarczan żelaza", "заліза сульфат", "geležies sulfatas", []string{"45 mg", "105 mg"}},
	{"kwas walproinowy", "вальпроєва кислота", "valpro rūgštis", []string{"200 mg", "300 mg"}},
	{"insulina aspart", "інсулін аспарт", "insulinas aspartas", []string{"100 j./ml"}},
	{"ondansetron", "ондансетрон", "ondansetronas", []string{"4 mg", "2 mg/ml"}},
	{"cholekalcyferol", "холекальциферол", "cholekalciferolis", []string{"400 IU", "800 IU", "2000 IU"}},
	{"enalapryl", "еналаприл", "enalaprilis", []string{"2,5 mg", "5 mg"}},
}
