// Package inorder runs work side by side and takes the results in the order in which it was begun, so that a report
// reads the same however many processors made it.
package inorder

import "runtime"

// Queue is used by one goroutine. It owes nothing to results that nobody waits for.
type Queue[T any] struct {
	take func(T)
	free chan struct{} // a place for each piece of work
	open []<-chan T    // begun and not taken yet
}

// waiting bounds the results that wait for one before them.
const waiting = 256

// New makes a queue with a worker for each processor. take is called by Go and Wait, never from another goroutine.
func New[T any](take func(T)) *Queue[T] {
	return &Queue[T]{take: take, free: make(chan struct{}, runtime.GOMAXPROCS(0))}
}

// Go begins a piece of work as soon as a worker is free. It takes the results that are there first: who stops at a
// failure, or shows how far it is, must learn of them.
func (q *Queue[T]) Go(work func() T) {
	// One slow piece must not pile up the results of all others.
	for len(q.open) >= waiting || len(q.open) > 0 && len(q.open[0]) > 0 {
		q.next()
	}
	done := make(chan T, 1)
	q.open = append(q.open, done)
	q.free <- struct{}{}
	go func() {
		defer func() { <-q.free }()
		done <- work()
	}()
}

// Wait takes the results of all that was begun.
func (q *Queue[T]) Wait() {
	for len(q.open) > 0 {
		q.next()
	}
}

func (q *Queue[T]) next() {
	done := q.open[0]
	q.open = q.open[1:]
	q.take(<-done)
}
