package retrywiseriver

import (
	"github.com/retrywise/retrywise/jobs"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
)

// NewQueue returns the jobs.Queue of a Middleware.
func NewQueue[TTx any](driver riverdriver.Driver[TTx], c *river.Client[TTx], name string) jobs.Queue {
	return &queue[TTx]{name, driver, c}
}
