package retention_test

import (
	"fmt"
	"log"
	"time"

	"kartoteka/retention"
	"kartoteka/seal"
)

func ExampleEngine_Decide() {
	schedules, err := retention.Load()
	if err != nil {
		log.Fatal(err)
	}
	engine, err := retention.New(retention.Options{Schedules: schedules, Zone: time.UTC, Controller: "public_hospital"})
	if err != nil {
		log.Fatal(err)
	}
	no := false
	file := retention.File{
		Bundles: []retention.Bundle{
			{Leaf: 4, TakenYear: 2024, Facts: seal.Facts{Jurisdiction: "PL", LastEntryYear: 2024, Under2AtService: &no}},
			{Leaf: 90, TakenYear: 2026, Facts: seal.Facts{Jurisdiction: "PL", LastEntryYear: 2026, Under2AtService: &no}},
		},
		Holds: []retention.Hold{{ID: "H-1", Kind: seal.HoldCourt, Bundles: []seal.LeafIndex{90}, Review: seal.Date{Year: 2048, Month: 6, Day: 1}}},
	}
	today := engine.Today(time.Date(2047, 1, 1, 12, 0, 0, 0, time.UTC))
	for _, d := range engine.Decide(nil, file, today) {
		fmt.Println(d.Leaf, d.Due, d.Rule, d.By.Cite)
		for _, b := range d.Blockers {
			fmt.Println("  " + b.String())
		}
	}
	// Output:
	// 4 2047-01-01 PL-20-GENERAL UPP art. 29 ust. 1 (wprowadzenie)
	//   the patient was not told that it may be collected
	//   leave of dyrektor archiwum państwowego is missing
	// 90 2047-01-01 PL-20-GENERAL UPP art. 29 ust. 1 (wprowadzenie)
	//   hold H-1 (court_or_prosecutor), review 2048-06-01
	//   the patient was not told that it may be collected
	//   leave of dyrektor archiwum państwowego is missing
}
