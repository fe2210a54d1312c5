package daemon

import (
	"net"

	"kartoteka/archive"
	"kartoteka/cmd/internal/appraisal"
	"kartoteka/cmd/internal/wire"
)

// rowsPerAnswer keeps an answer well below wire.MaxLine.
const rowsPerAnswer = 500

// due tells what the law says of each bundle. The table is made first and sent afterwards: whoever reads slowly keeps
// nobody from writing.
func (s *server) due(c net.Conn, d wire.Due) error {
	s.dues <- struct{}{}
	defer func() { <-s.dues }()
	var table *appraisal.Table
	err := s.keeper.desk.look(func(a *archive.Archive) error {
		p, err := appraisal.New(a)
		if err == nil {
			table, err = p.Table(d.By, d.Ready)
		}
		return err
	})
	if err != nil {
		return err
	}
	err = table.Each(rowsPerAnswer, func(rows []appraisal.Row) error { return s.send(c, wire.Answer{More: true, Rows: rows}) })
	if err != nil {
		return err
	}
	return s.send(c, wire.Answer{})
}

// holdBytes is what a hold takes in an answer at most, its bundles left out: two texts of 4 KiB, six bytes a byte where all
// is escaped.
const holdBytes = 64 << 10

func (s *server) holds(c net.Conn) error {
	var list []appraisal.HoldInForce
	err := s.keeper.desk.look(func(a *archive.Archive) error {
		p, err := appraisal.New(a)
		if err == nil {
			list, err = p.Holds()
		}
		return err
	})
	if err != nil {
		return err
	}
	first, bytes := 0, 0
	for i, h := range list {
		if bytes += holdBytes + 20*len(h.Hold.Bundles); bytes < wire.MaxLine/2 {
			continue
		}
		if err := s.send(c, wire.Answer{More: true, Holds: list[first : i+1]}); err != nil {
			return err
		}
		first, bytes = i+1, 0
	}
	return s.send(c, wire.Answer{Holds: list[first:]})
}
