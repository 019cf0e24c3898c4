package vendors

import (
	"regexp"

	"github.com/retrywise/retrywise/policy"
)

// LimitNames returns the names of the limits in the vendor's file.
func LimitNames(v *Vendor) []string {
	var names []string
	for _, row := range v.source.Limits {
		names = append(names, row.Name)
	}
	return names
}

// PathIn returns a path that falls under a limit.
func PathIn(l policy.Limit) string {
	if l.Paths == nil {
		return "/"
	}
	return aPath(regexp.MustCompile(`\[[^]]*\]`).ReplaceAllString(l.Paths[0], "x"))
}

// ReadAll reads the files of all vendors, and returns how many there are.
func ReadAll() int { return len(readAll(readers())) }
