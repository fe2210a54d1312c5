package corpus

// Hospital is the controller of a bundle, and the system that produced it.
type Hospital struct {
	Name     string
	City     string
	Country  string // PL or UA
	System   string // of ID: pl.regon or ua.edrpou
	ID       string // passes its check digit
	Language string // pl or uk
	Producer string // name of the hospital information system
	Version  string
	Root     string // OID under the example arc
}

// Hospitals are the two made-up controllers: Poland first, then Ukraine.
func Hospitals() [2]Hospital {
	return [2]Hospital{
		{
			Name: "Szpital Testowy im. Jana Przykładnego w Białymstoku", City: "Białystok", Country: "PL",
			System: "pl.regon", ID: "000000017", Language: "pl",
			Producer: "his-wzorcowy", Version: "7.4", Root: "2.999.616.17",
		},
		{
			Name: "КНП «Вигадана міська дитяча лікарня» м. Мукачево", City: "Мукачево", Country: "UA",
			System: "ua.edrpou", ID: "00000023", Language: "uk",
			Producer: "mis-zrazok", Version: "3.12", Root: "2.999.804.23",
		},
	}
}

// Doctor signs documents.
type Doctor struct {
	Family, Given, ID string
}

func (d Doctor) String() string { return d.Given + " " + d.Family }
