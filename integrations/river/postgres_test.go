//go:build postgres

package retrywiseriver_test

import (
	"fmt"
	"os"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
)

// TestPostgreSQL needs a server at POSTGRES_URL: make postgres.
func TestPostgreSQL(t *testing.T) {
	url := os.Getenv("POSTGRES_URL")
	if url == "" {
		t.Fatal("POSTGRES_URL is not set; make postgres sets it")
	}
	admin, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(admin.Close)
	var databases atomic.Int64
	suite(t, func(t *testing.T) func() riverdriver.Driver[pgx.Tx] {
		name := fmt.Sprintf("river_%d_%d", os.Getpid(), databases.Add(1))
		if _, err := admin.Exec(t.Context(), "CREATE DATABASE "+name); err != nil {
			t.Fatal(err)
		}
		config, err := pgxpool.ParseConfig(url)
		if err != nil {
			t.Fatal(err)
		}
		config.ConnConfig.Database = name
		connect := func() riverdriver.Driver[pgx.Tx] {
			pool, err := pgxpool.NewWithConfig(t.Context(), config.Copy())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(pool.Close)
			return riverpgxv5.New(pool)
		}
		migrate(t, connect())
		return connect
	})
}
