package patient_test

import (
	"fmt"

	"kartoteka/seal/patient"
)

func ExampleNameCodes() {
	for _, name := range []string{"Шевченко", "Shevchenko", "Szewczenko", "Ševčenko"} {
		fmt.Println(name, patient.NameCodes(name))
	}
	// Output:
	// Шевченко [474650 475650]
	// Shevchenko [474650 475650]
	// Szewczenko [474650]
	// Ševčenko [474650 475650]
}

func ExampleRomanize() {
	fmt.Println(patient.Romanize("Дем'яненко Юрій"), patient.Romanize("Згурський"))
	// Output: Demianenko Yurii Zghurskyi
}

func ExampleMatch() {
	fmt.Println(patient.Match("Łukasz", "Лукаш"), patient.Match("Anna", "Ганна"))
	// Output: true false
}

func ExampleIdentifier_Warning() {
	id := patient.Identifier{System: "pl.pesel", Value: "440514-01358", Role: patient.RoleOwn}
	fmt.Println(id.Normalize().Country, "|", id.Warning())
	// Output: PL | pl.pesel: the check digit does not fit
}

func ExampleSystemFromOID() {
	fmt.Println(patient.SystemFromOID("2.16.840.1.113883.4.330.804"))
	fmt.Println(patient.SystemFromOID("1.2.3.4"))
	// Output:
	// passport.ua UA
	// oid.1.2.3.4
}

func ExampleBlindKeys() {
	p := patient.Patient{
		Identifiers: []patient.Identifier{{System: "pl.pesel", Value: "44051401359", Role: patient.RoleOwn}},
		Names:       []patient.Name{{Family: "Ковальський", Given: []string{"Лукаш"}}},
		BirthDate:   "1944-05-14",
	}
	for _, k := range patient.BlindKeys(p) {
		fmt.Printf("%q\n", k)
	}
	// Output:
	// "family\x001944-05-14\x00578450"
	// "given\x001944-05-14\x00854000"
	// "id\x00pl.pesel\x00own\x0044051401359"
}

func ExampleSamePerson() {
	stated := patient.Patient{Names: []patient.Name{{Family: "Kowalski", Given: []string{"Łukasz"}}}, BirthDate: "1944-05-14"}
	read := patient.Patient{Names: []patient.Name{{Family: "Ковальський", Given: []string{"Лукаш"}}}, BirthDate: "1944-05-14"}
	fmt.Println(patient.SamePerson(stated, read))
	// Output: match
}
