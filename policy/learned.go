package policy

import (
	"fmt"
	"strings"

	"github.com/retrywise/retrywise/internal/yamlfile"
)

// FormatLimits returns an operator's file with limits for a vendor, or in its defaults for an API
// without one. Each stands below its remark, a line of text. For tools: see client.Client.Learned.
func FormatLimits(vendor string, limits []Limit, remarks []string) (string, error) {
	var b strings.Builder
	head, indent := "defaults:\n  limits:\n", "    "
	if vendor != "" {
		head, indent = fmt.Sprintf("vendors:\n  %s:\n    limits:\n", vendor), "      "
	}
	b.WriteString(head)
	for i, l := range limits {
		row, err := yamlfile.Encode(struct {
			Limits []Limit `yaml:"limits"`
		}{[]Limit{l}})
		if err != nil {
			return "", err
		}
		_, row, _ = strings.Cut(row, "\n")
		fmt.Fprintf(&b, "%s# %s\n%s%s", indent, remarks[i], indent, strings.TrimPrefix(row, "  "))
	}
	return b.String(), nil
}
