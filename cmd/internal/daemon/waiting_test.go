package daemon

import (
	"fmt"
	"testing"
	"time"

	"kartoteka/archive"
)

func TestWaiting(t *testing.T) {
	now := at(t, "2026-11-21T20:00:00Z")
	c := testCalendar(t, "Europe/Warsaw", "00:30", 15*time.Minute)
	nobody := func(string) bool { return false }
	var w waiting
	w.update(nil, now)
	if _, ok := w.due(c); ok {
		t.Error("an empty spool is due")
	}
	w.update([]archive.Source{{Path: "/b"}, {Path: "/a"}}, now)
	w.update([]archive.Source{{Path: "/b"}, {Path: "/a"}, {Path: "/0"}}, now.Add(10*time.Minute))
	due, ok := w.due(c)
	if want := now.Add(15 * time.Minute); !ok || !due.Equal(want) {
		t.Errorf("due %s, want %s", due, want)
	}
	if got := fmt.Sprint(w.next(now, false, nobody)); got != "[]" {
		t.Errorf("taken before it is due: %s", got)
	}
	if got := w.next(due, true, nobody); len(got) != 3 || got[0].Path != "/a" || got[2].Path != "/0" {
		t.Errorf("not the oldest first, or not all together: %v", got)
	}
	// A postponed bundle neither holds the others up nor is forgotten.
	w.settle(archive.Outcome{Path: "/a", Status: archive.Postponed}, due)
	w.settle(archive.Outcome{Path: "/b", Status: archive.Taken}, due)
	w.settle(archive.Outcome{Path: "/0", Status: archive.Rejected}, due)
	again, ok := w.due(c)
	if want := due.Add(time.Minute); !ok || !again.Equal(want) {
		t.Errorf("again %s, want %s", again, want)
	}
	if got := w.next(due, true, nobody); len(got) != 0 {
		t.Errorf("tried again at once: %v", got)
	}
	if got := w.next(due, false, func(p string) bool { return p == "/a" }); len(got) != 1 {
		t.Errorf("not taken when asked for: %v", got)
	}
	for range 20 {
		w.settle(archive.Outcome{Path: "/a", Status: archive.Postponed}, due)
	}
	if again, _ = w.due(c); again.Sub(due) != time.Hour || w.stuck() != 1 {
		t.Errorf("postponed by %s, %d stuck", again.Sub(due), w.stuck())
	}
}

func TestWaitingBounds(t *testing.T) {
	var w waiting
	now := time.Now()
	var found []archive.Source
	for i := range 2500 {
		found = append(found, archive.Source{Path: fmt.Sprintf("/%04d", i)})
	}
	w.update(found, now)
	all := func(string) bool { return true }
	w.list[0].bytes = 100 << 30 // one alone is taken however large it is
	sizes := []int{}
	for batch := w.next(now, false, all); len(batch) > 0; batch = w.next(now, false, all) {
		sizes = append(sizes, len(batch))
		for _, s := range batch {
			w.settle(archive.Outcome{Path: s.Path, Status: archive.Taken}, now)
		}
	}
	n := 0
	for i, s := range sizes {
		if n += s; s > maxAccession || (i == 0 && s != 1) || (i > 0 && s > maxAccessionBytes/folderBytes) {
			t.Errorf("accessions of %v bundles", sizes)
		}
	}
	if n != 2500 {
		t.Errorf("%d bundles taken", n)
	}
}
