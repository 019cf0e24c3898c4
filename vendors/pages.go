package vendors

import (
	"fmt"

	"github.com/retrywise/retrywise/internal/yamlfile"
	"github.com/retrywise/retrywise/policy"
)

// A pageRow says how lists are read page by page.
type pageRow struct {
	At yamlfile.Pos
	policy.Paging
}

// pages returns how lists are read.
func (c *compiler) pages(rows []pageRow) []policy.Paging {
	var out []policy.Paging
	seen := map[string]yamlfile.Pos{}
	for _, row := range rows {
		c.problems.ReportDuplicate(seen, row.At, fmt.Sprintf("pages for %v", policy.Match{Methods: row.Methods, Paths: row.Paths}))
		for _, text := range row.Problems() {
			c.problems.Report(row.At, "pages: %s", text)
		}
		out = append(out, row.Paging)
	}
	return out
}
