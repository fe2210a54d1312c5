package cli

import (
	"fmt"
	"strings"

	"kartoteka/cmd/internal/cli/jsonoutput"
	"kartoteka/seal"
)

// acted prints the events of what an officer did.
func (e *Env) acted(what string, events []seal.LeafIndex) error {
	return e.print(jsonoutput.Acts{Schema: jsonoutput.SpecActs, Events: events}, func() {
		fmt.Fprintf(e.Stdout, "%s: %s\n", what, eventList(events))
	})
}

// eventList is "event 7" or "events 7, 8, 9".
func eventList(events []seal.LeafIndex) string {
	word := "event"
	if len(events) != 1 {
		word = "events"
	}
	return word + " " + strings.ReplaceAll(leaves(events), ",", ", ")
}
