package archive

import (
	"path"

	"kartoteka/archive/internal/durable"
	"kartoteka/seal"
	"kartoteka/verify"
)

func scheduleName(d seal.Digest) string { return path.Join(policyDir, d.String()+".schedule.yaml") }

// SetRetention commits by which law the archive disposes of records from now on: the hospital's own schedules, the kind of
// controller, the rules that were compared with the law. The schedules are kept in the archive: an order names them by
// their digest, and whoever reads it decades later wants to read what they said.
func (a *Archive) SetRetention(r verify.Retention, schedules [][]byte) error {
	r.Schedules = []seal.Digest{}
	var files []seal.NamedDigest
	for _, data := range schedules {
		sum := verify.Digest(data)
		if err := durable.ReplaceFile(a.fs, scheduleName(sum), data, filePerm); err != nil {
			return err
		}
		r.Schedules = append(r.Schedules, sum)
		files = append(files, seal.NamedDigest{Name: scheduleName(sum), SHA256: sum})
	}
	if r.Overrides == nil {
		r.Overrides = []verify.Override{}
	}
	return a.changePolicy("retention_changed", func(p *verify.Policy) error {
		p.Retention = &r
		return nil
	}, files...)
}

// ScheduleFile reads a schedule that the policy names.
func (a *Archive) ScheduleFile(sum seal.Digest) ([]byte, error) {
	return a.readNamed(scheduleName(sum), sum)
}
