//go:build postgres

package retrywisedbos_test

import (
	"flag"
	"fmt"
	"os"
	"testing"
)

var jobCount = flag.Int("jobs", 1500, "how many jobs meet a pause")

func TestPostgreSQL(t *testing.T) {
	url := os.Getenv("POSTGRES_URL")
	if url == "" {
		t.Fatal("POSTGRES_URL is not set: run .ci/postgres")
	}
	suite(t, func(*testing.T) database {
		return database{url: url, schema: fmt.Sprintf("test_%d", processes.Add(1)), jobs: *jobCount}
	})
}
