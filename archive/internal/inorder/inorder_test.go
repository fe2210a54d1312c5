package inorder_test

import (
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"kartoteka/archive/internal/inorder"
)

func TestOrder(t *testing.T) {
	const n, waiting = 600, 256
	var got, want []int
	var running, most atomic.Int32
	q := inorder.New(func(i int) { got = append(got, i) })
	for i := range n {
		want = append(want, i)
		q.Go(func() int {
			now := running.Add(1)
			defer running.Add(-1)
			for m := most.Load(); now > m && !most.CompareAndSwap(m, now); m = most.Load() {
			}
			time.Sleep(time.Duration(i%3) * time.Millisecond)
			return i
		})
		if begun := i + 1; begun-len(got) > waiting {
			t.Fatalf("%d results wait", begun-len(got))
		}
	}
	q.Wait()
	if !slices.Equal(got, want) {
		t.Errorf("results came as %v", got)
	}
	if m := int(most.Load()); m > runtime.GOMAXPROCS(0) || (m < 2 && runtime.GOMAXPROCS(0) > 1) {
		t.Errorf("%d pieces of work ran side by side", m)
	}
}

// A result is taken as soon as the next piece of work is begun, not when all have been.
func TestEarly(t *testing.T) {
	taken := 0
	q := inorder.New(func(int) { taken++ })
	for range 200 {
		q.Go(func() int { time.Sleep(time.Millisecond); return 0 })
	}
	if taken == 0 {
		t.Error("200 pieces of work were begun and no result was taken")
	}
	q.Wait()
	if taken != 200 {
		t.Errorf("%d results were taken", taken)
	}
}
