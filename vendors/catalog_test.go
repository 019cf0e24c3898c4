package vendors_test

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/vendors"
)

// Each vendor of the catalog has a constant and a fuzz target.
func TestNamesHaveConstantsAndFuzzTargets(t *testing.T) {
	constants := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^\t([A-Z]\w+) += "([a-z_]+)"$`).FindAllStringSubmatch(readText(t, "vendor.go"), -1) {
		constants[m[1]] = m[2]
	}
	var named, fuzzed []string
	for _, name := range constants {
		named = append(named, name)
	}
	for _, m := range regexp.MustCompile(`fuzzDecode\(f, vendors\.(\w+)\)`).FindAllStringSubmatch(readText(t, "fuzz_test.go"), -1) {
		fuzzed = append(fuzzed, constants[m[1]])
	}
	slices.Sort(named)
	slices.Sort(fuzzed)
	if diff := cmp.Diff(vendors.Names(), named); diff != "" {
		t.Errorf("constants in vendor.go (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(vendors.Names(), fuzzed); diff != "" {
		t.Errorf("targets in fuzz_test.go (-want +got):\n%s", diff)
	}
}

func readText(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
