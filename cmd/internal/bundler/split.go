package bundler

import "kartoteka/seal"

// split groups documents into bundles: one confidentiality, one retention unit, at most 1,024 documents each
// (architecture.md, decision 1b), in the order in which they were given.
func split(documents []*document) (groups [][]*document) {
	open := map[seal.Unit]int{} // the group of each unit that still has room
	for _, d := range documents {
		unit := d.says.Unit()
		g, ok := open[unit]
		if !ok || len(groups[g]) == seal.MaxDocuments {
			g = len(groups)
			groups = append(groups, nil)
			open[unit] = g
		}
		groups[g] = append(groups[g], d)
	}
	return groups
}
