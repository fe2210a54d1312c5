// Package verify is every judgement: passed, failed or indeterminate (the words of ETSI EN 319 102-1). It is pure and
// offline, takes the time of judging as a parameter and its trust anchors from a policy file that is given to it,
// never from what is judged.
package verify
