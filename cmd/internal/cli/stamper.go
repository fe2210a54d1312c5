package cli

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"kartoteka/archive"
	"kartoteka/archive/stamper"
	"kartoteka/cmd/internal/stamps"
	"kartoteka/cmd/internal/wire"
	"kartoteka/seal"
	"kartoteka/verify"
)

// stamping are the flags of what has nights stamped.
type stamping struct {
	folders
	tsas []string
}

func (s *stamping) flags(set *pflag.FlagSet, e *Env) {
	s.folders.flags(set, e)
	set.StringArrayVar(&s.tsas, "tsa", nil, "without kartotekad: an authority of the policy, `NAME=URL`[,sha256|sha512]; may be repeated, the first is asked first")
}

// stampRoom is where nights are stamped: kartotekad where one runs, else the archive itself.
type stampRoom struct {
	daemon  *wire.Client     // nil where none runs
	archive *archive.Archive // nil where one does
	stamps  *stamps.Stamps
	now     func() time.Time
}

// openStampRoom opens it; asks says whether authorities will be asked.
func (e *Env) openStampRoom(s stamping, asks bool) (*stampRoom, error) {
	c, err := e.daemon()
	if err != nil {
		return nil, err
	}
	if c != nil {
		if len(s.tsas) > 0 {
			c.Close()
			return nil, usagef("--tsa is for archives without kartotekad; it runs, and its configuration names the authorities")
		}
		return &stampRoom{daemon: c}, nil
	}
	if asks && len(s.tsas) == 0 {
		return nil, usagef("kartotekad does not run: name an authority with --tsa NAME=URL")
	}
	authorities, err := readAuthorities(s.tsas)
	if err != nil {
		return nil, err
	}
	a, err := e.openWriter(s.folders, "kartotekad has the archive but not the socket asked for; name it with --socket")
	if err != nil {
		return nil, indexHint(err)
	}
	by := map[seal.Family][]stamper.Stamper{}
	for _, t := range authorities {
		if !slices.ContainsFunc(a.Policy().TSAs, func(p verify.Anchor) bool { return p.Name == t.name }) {
			e.warn("the policy has no time-stamp authority %s; kartoteka policy add-tsa", t.name)
		}
		for _, f := range t.families {
			by[f] = append(by[f], &stamper.HTTP{URL: t.url, TSA: t.name, Trust: a.Policy(), Now: e.Now, Note: func(text string) { e.say("%s", clean(text)) }})
		}
	}
	return &stampRoom{archive: a, stamps: &stamps.Stamps{Desk: stamps.Alone(a), By: by, Now: e.Now}, now: e.Now}, nil
}

// authority is one that --tsa names.
type authority struct {
	name, url string
	families  []seal.Family
}

func readAuthorities(given []string) (list []authority, err error) {
	for _, text := range given {
		name, rest, ok := strings.Cut(text, "=")
		a := authority{name: name, url: rest, families: seal.Families()}
		for _, f := range seal.Families() {
			if where, one := strings.CutSuffix(rest, ","+string(f)); one {
				a.url, a.families = where, []seal.Family{f}
			}
		}
		u, err := url.Parse(a.url)
		if !ok || name == "" || err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, usagef("--tsa %q is not NAME=URL, with an address of http or https", clean(text))
		}
		list = append(list, a)
	}
	return list, nil
}

func (r *stampRoom) Close() error {
	if r.daemon != nil {
		return r.daemon.Close()
	}
	return r.archive.Close()
}

func (r *stampRoom) stamp(ctx context.Context, now bool) (stamps.Report, error) {
	if r.daemon != nil {
		return r.daemon.Stamp(ctx, wire.Stamp{Now: now})
	}
	return r.stamps.Run(ctx, now)
}

func (r *stampRoom) plan(ctx context.Context, days int) (stamps.Plan, error) {
	if r.daemon != nil {
		return r.daemon.Renewals(ctx, wire.Renewals{Days: days})
	}
	return (&stamps.Calendar{}).Plan(r.stamps.Desk, r.now(), wire.Within(days))
}

func (r *stampRoom) renew(ctx context.Context, days int) (stamps.Report, error) {
	if r.daemon != nil {
		return r.daemon.Renew(ctx, wire.Renew{Days: days})
	}
	return r.stamps.Renew(ctx, &stamps.Calendar{}, wire.Within(days))
}
