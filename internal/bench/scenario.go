package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A scenario is what is measured of each peer.
type scenario struct {
	name    string
	about   string
	measure func(ctx context.Context, p peer) (row, error)
}

// scenarios returns all scenarios.
func scenarios() []scenario {
	all := scenariosOf(limitJobs)
	all = append(all, scenariosOf(fleetLimits)...)
	all = append(all, scenariosOf(outages)...)
	all = append(all, scenariosOf(fleetOutages)...)
	all = append(all, scenariosOf(brownouts)...)
	all = append(all, scenariosOf(duplicateJobs)...)
	return append(all, hostile{calls: 1000, members: 1024}.scenario())
}

func scenariosOf[S interface{ scenario() scenario }](list []S) (all []scenario) {
	for _, s := range list {
		all = append(all, s.scenario())
	}
	return all
}

// findScenarios returns the scenario called name or, if there is none, those whose name begins
// with it and a hyphen. The error lists all.
func findScenarios(name string) ([]scenario, error) {
	all := scenarios()
	i := slices.IndexFunc(all, func(s scenario) bool { return s.name == name })
	if i >= 0 {
		return all[i : i+1], nil
	}
	var found []scenario
	for _, s := range all {
		if strings.HasPrefix(s.name, name+"-") {
			found = append(found, s)
		}
	}
	if found != nil {
		return found, nil
	}
	var list strings.Builder
	fmt.Fprintf(&list, "expected -scenario to be one of these; got %q", name)
	for _, s := range all {
		fmt.Fprintf(&list, "\n  %-24s  %s", s.name, s.about)
	}
	return nil, errors.New(list.String())
}
