package appraisal_test

import "os"

// everything is set by `make crash` and `make decades`: the tests then leave no case out.
var everything = os.Getenv("KARTOTEKA_FAULTS") == "all"
