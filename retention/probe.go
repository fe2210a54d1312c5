package retention

import "kartoteka/seal"

// probeYear is the year in which everything happens to the records that schedules are tried on.
const probeYear = 2000

// probe is a record of which everything is known: nothing special is true of it.
func probe(change func(f *seal.Facts)) seal.Facts {
	f := seal.Facts{LastEntryYear: probeYear, ServiceYear: probeYear, IssuedYear: probeYear, CaseClosedYear: probeYear, Medium: "digital",
		DeathByInjuryOrPoisoning: new(bool), Under2AtService: new(bool), BloodTraceability: new(bool),
		ReferralProvided: new(bool), ReferralNoShow: new(bool), ReferralCollected: new(bool)}
	change(&f)
	return f
}

// probes gives records of every class that one of the laws knows, under every combination of the conditions that their
// rules name, with every happening in turn ten years after the others.
func probes(jurisdiction string, engines ...*Engine) []seal.Facts {
	classes, named := map[string]bool{"": true}, map[string]bool{}
	for _, e := range engines {
		l := e.laws[jurisdiction]
		for class, rules := range l.byClass {
			classes[class] = true
			nameConditions(named, rules)
		}
		nameConditions(named, l.forAny)
	}
	under := conditionProbes(named)
	var all []seal.Facts
	for _, class := range sortedKeys(classes) {
		for _, f := range under {
			f.Jurisdiction, f.Class = jurisdiction, class
			all = append(all, yearProbes(f)...)
		}
	}
	return all
}

func nameConditions(named map[string]bool, rules []*compiled) {
	for _, r := range rules {
		for name := range r.When {
			named[name] = true
		}
	}
}

// variant is what can be true of a record where a rule names one of the conditions.
type variant struct {
	conditions []string
	change     []func(f *seal.Facts)
}

func variants() []variant {
	yes := true
	return []variant{
		{[]string{"death_by_injury_or_poisoning"}, []func(f *seal.Facts){
			func(f *seal.Facts) { f.DeathYear = probeYear },
			func(f *seal.Facts) { f.DeathYear, f.DeathByInjuryOrPoisoning = probeYear, &yes }}},
		{[]string{"under_2_at_service"}, []func(f *seal.Facts){func(f *seal.Facts) { f.Under2AtService = &yes }}},
		{[]string{"referral_provided", "referral_no_show", "referral_collected"}, []func(f *seal.Facts){
			func(f *seal.Facts) { f.ReferralProvided = &yes },
			func(f *seal.Facts) { f.ReferralNoShow = &yes },
			func(f *seal.Facts) { f.ReferralNoShow, f.ReferralCollected = &yes, &yes }}},
		{[]string{"occupational_exposure"}, []func(f *seal.Facts){func(f *seal.Facts) { f.ExposureEndYear = probeYear }}},
		{[]string{"medium"}, []func(f *seal.Facts){
			func(f *seal.Facts) { f.Medium = "paper" },
			func(f *seal.Facts) { f.Medium = "film" }}},
	}
}

func conditionProbes(named map[string]bool) []seal.Facts {
	all := []seal.Facts{probe(func(*seal.Facts) {})}
	for _, v := range variants() {
		asked := false
		for _, name := range v.conditions {
			asked = asked || named[name]
		}
		if !asked {
			continue
		}
		for _, f := range all {
			for _, change := range v.change {
				g := f
				change(&g)
				all = append(all, g)
			}
		}
	}
	return all
}

func yearProbes(f seal.Facts) []seal.Facts {
	all := []seal.Facts{f}
	for _, at := range []func(f *seal.Facts) *int{
		func(f *seal.Facts) *int { return &f.LastEntryYear }, func(f *seal.Facts) *int { return &f.ServiceYear },
		func(f *seal.Facts) *int { return &f.IssuedYear }, func(f *seal.Facts) *int { return &f.CaseClosedYear },
		func(f *seal.Facts) *int { return &f.DeathYear }, func(f *seal.Facts) *int { return &f.ExposureEndYear },
	} {
		g := f
		if n := at(&g); *n != 0 {
			*n += 10
			all = append(all, g)
		}
	}
	return all
}
