package retention

import (
	"kartoteka/seal"
)

// patient is what is known of the patient, from whichever bundle or addition: it holds for all the files.
type patient struct {
	death    int
	injury   *bool
	exposure int
}

// patient collects the facts of the patient in the order of the log. What an officer added corrects everything before it.
// What bundles state is merged so that the longer term remains: the latest year, and an injury rather than none.
func (f *File) patient() patient {
	p, at := f.addedToPatient()
	state := func(leaf seal.LeafIndex, s *seal.Facts) {
		if leaf > at.death {
			p.death = max(p.death, s.DeathYear)
		}
		if leaf > at.exposure {
			p.exposure = max(p.exposure, s.ExposureEndYear)
		}
		if b := s.DeathByInjuryOrPoisoning; leaf > at.injury && b != nil && (p.injury == nil || *b) {
			p.injury = b
		}
	}
	for i := range f.Bundles {
		state(f.Bundles[i].Leaf, &f.Bundles[i].Facts)
	}
	for i := range f.Carried {
		state(f.Carried[i].At, &f.Carried[i].Facts)
	}
	return p
}

// lastAdded is where in the log each fact of the patient was added last.
type lastAdded struct{ death, injury, exposure seal.LeafIndex }

func (f *File) addedToPatient() (p patient, at lastAdded) {
	at = lastAdded{-1, -1, -1}
	for i := range f.Added {
		a := &f.Added[i]
		if a.Bundle != nil {
			continue
		}
		if a.Facts.DeathYear != 0 && a.At > at.death {
			p.death, at.death = a.Facts.DeathYear, a.At
		}
		if a.Facts.ExposureEndYear != 0 && a.At > at.exposure {
			p.exposure, at.exposure = a.Facts.ExposureEndYear, a.At
		}
		if a.Facts.DeathByInjuryOrPoisoning != nil && a.At > at.injury {
			p.injury, at.injury = a.Facts.DeathByInjuryOrPoisoning, a.At
		}
	}
	return p, at
}

// enter writes the facts of the patient over what one bundle knew.
func (p patient) enter(f *seal.Facts) {
	f.DeathYear, f.DeathByInjuryOrPoisoning, f.ExposureEndYear = p.death, p.injury, p.exposure
}

// correct writes what was added to one bundle over what its sender stated.
func correct(f *seal.Facts, a *seal.Facts) {
	year := func(to *int, from int) {
		if from != 0 {
			*to = from
		}
	}
	truth := func(to **bool, from *bool) {
		if from != nil {
			*to = from
		}
	}
	word := func(to *string, from string) {
		if from != "" {
			*to = from
		}
	}
	word(&f.Class, a.Class)
	word(&f.Medium, a.Medium)
	year(&f.LastEntryYear, a.LastEntryYear)
	year(&f.ServiceYear, a.ServiceYear)
	year(&f.IssuedYear, a.IssuedYear)
	year(&f.CaseClosedYear, a.CaseClosedYear)
	truth(&f.Under2AtService, a.Under2AtService)
	truth(&f.BloodTraceability, a.BloodTraceability)
	truth(&f.ReferralProvided, a.ReferralProvided)
	truth(&f.ReferralNoShow, a.ReferralNoShow)
	truth(&f.ReferralCollected, a.ReferralCollected)
}
