package retention

import "kartoteka/seal"

// blockSteps looks at what the law asks of whoever disposes: the record was offered (UPP art. 29 ust. 2) and the window is
// over, or it was handed over; the authority gave its leave.
func (d *Decision) blockSteps(u *unit, today seal.Date) {
	var done Steps
	if u.Steps != nil {
		done = *u.Steps
	}
	if u.law.handover && !done.HandedOver.counts(d.Due, today) {
		d.blockNotice(done.Notice, today)
	}
	if u.law.consent != "" && !done.Consent.counts(d.Due, today) {
		d.block(Blocker{Code: NoConsent, What: u.law.consent, Stale: done.Consent.For.Before(d.Due) && !done.Consent.On.IsZero()})
	}
}

// blockNotice: a window without an end is no window.
func (d *Decision) blockNotice(n Step, today seal.Date) {
	switch {
	case !n.counts(d.Due, today) || n.Until.Before(n.On):
		d.block(Blocker{Code: NoNotice, Stale: n.For.Before(d.Due) && !n.On.IsZero()})
	case !n.Until.Before(today):
		d.block(Blocker{Code: Window, Until: n.Until})
	}
}
