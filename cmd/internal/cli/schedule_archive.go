package cli

import (
	"bytes"

	"kartoteka/archive"
	"kartoteka/retention"
	"kartoteka/verify"
)

// lawOf reads the hospital's own schedules that an archive has in force, and the rules that were compared with the law.
func (e *Env) lawOf() (own []ownSchedule, confirmed map[string]verify.Override, err error) {
	a, err := e.openArchive(archive.Options{})
	if err != nil {
		return nil, nil, err
	}
	defer a.Close()
	law := a.Policy().Retention
	if law == nil {
		return nil, nil, nil
	}
	for _, sum := range law.Schedules {
		data, err := a.ScheduleFile(sum)
		if err != nil {
			return nil, nil, err
		}
		s, err := retention.Parse(bytes.NewReader(data))
		if err != nil {
			return nil, nil, err
		}
		own = append(own, ownSchedule{file: "policy/" + sum.String()[:12] + "….schedule.yaml", Schedule: s})
	}
	confirmed = map[string]verify.Override{}
	for _, x := range law.Overrides {
		confirmed[x.Rule] = x
	}
	return own, confirmed, nil
}
