package retrywiseriver_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	_ "modernc.org/sqlite"
)

func TestSQLite(t *testing.T) {
	suite(t, func(t *testing.T) func() riverdriver.Driver[*sql.Tx] {
		name := filepath.Join(t.TempDir(), "jobs.sqlite3")
		connect := func() riverdriver.Driver[*sql.Tx] {
			db, err := sql.Open("sqlite", "file:"+name+"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(10000)&_pragma=synchronous(OFF)")
			if err != nil {
				t.Fatal(err)
			}
			db.SetMaxOpenConns(1)
			t.Cleanup(func() { _ = db.Close() })
			return riversqlite.New(db)
		}
		migrate(t, connect())
		return connect
	})
}
