package retention

import "kartoteka/seal"

// File is everything the engine needs of one patient at one controller: all bundles, whatever their jurisdiction. A
// bundle without a person is a file of its own. The zero values mean "nothing of the kind".
type File struct {
	Bundles []Bundle
	Added   []Added   // facts learnt later, in the order of the log; withdrawn ones left out
	Carried []Carried // what disposed bundles leave behind for the clocks of those that remain
	Holds   []Hold    // those not released
}

// Bundle is what the engine needs of one bundle: what its index entry says, and how far its disposal has got.
type Bundle struct {
	Leaf       seal.LeafIndex
	Facts      seal.Facts // as the sender sealed them
	Classes    []string   // of the documents: they may lengthen a term, never shorten one
	TakenYear  int        // year of its accession in the controller's time zone ([Engine.Year]); 0 is not known
	Informed   int        // year in which the patient was told of a digitisation; 0 is not known
	Unresolved bool       // whose it is is in doubt, or nobody's: then its file and so its clock are not known
	Steps      *Steps     // nil: none done
}

// Added is a fact that was added to the patient, or to one bundle: [seal.Addition] without its words.
type Added struct {
	At     seal.LeafIndex  // its event
	Bundle *seal.LeafIndex // nil: the patient
	Facts  seal.Facts      // only what is stated counts
}

// Carried is what [Engine.Carry] gave for bundles that were disposed of. It must be kept as long as the file has bundles.
type Carried struct {
	At    seal.LeafIndex // the event of the disposal
	Facts seal.Facts
}

// Hold is a hold that is in force: [seal.Hold] without its words.
type Hold struct {
	ID      string
	Kind    seal.HoldKind
	Bundles []seal.LeafIndex // none: every bundle of the patient, later ones too
	Review  seal.Date        // ends nothing by itself
}

// Covers says whether the hold keeps a bundle of its file.
func (h Hold) Covers(leaf seal.LeafIndex) bool {
	if len(h.Bundles) == 0 {
		return true
	}
	for _, b := range h.Bundles {
		if b == leaf {
			return true
		}
	}
	return false
}

// Steps is how far the disposal of a bundle has got. A step counts for the day of disposal it was taken for and for
// earlier ones: where a new entry has moved the day, it must be taken again.
type Steps struct {
	Notice     Step // the patient was told that the record may be collected: from On until the end of Until
	HandedOver Step // the patient took the record instead: no notice is needed
	Consent    Step // leave of the authority
}

// Step is one act. A zero On means that it was not done.
type Step struct {
	For   seal.Date // the day of disposal ([Ruling].Due) at that time
	On    seal.Date
	Until seal.Date // of a notice: last day of the window
}

// counts says whether the step was taken for this day of disposal, not later than today.
func (s Step) counts(due, today seal.Date) bool {
	return !s.On.IsZero() && !s.For.Before(due) && !today.Before(s.On)
}
