package main

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/vendors"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

//go:embed shop.yaml
var shopFile []byte

// A contact is a row of the list, and of the table.
type contact struct {
	ID    int    `json:"id"`
	Email string `json:"email"`
}

// A job copies the list of contacts into a database.
type job struct {
	client *client.Client
	db     *sql.DB
}

// runJob copies the rows that an earlier run has not copied.
func runJob(ctx context.Context, url, database string) error {
	shop, err := vendors.Parse(shopFile)
	if err != nil {
		return err
	}
	c, err := client.New(client.Config{Vendor: shop, BaseURL: url})
	if err != nil {
		return err
	}
	defer c.Close()
	db, err := openDatabase(ctx, database)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // what was committed is there
	return job{c, db}.run(ctx)
}

// openDatabase opens the database, and makes its tables. The table of rows has no key: a row that is
// written twice is there twice.
func openDatabase(ctx context.Context, name string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", "file:"+name+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)")
	if err != nil {
		return nil, err
	}
	_, err = db.ExecContext(ctx, `
		CREATE TABLE IF NOT EXISTS contacts (id INTEGER NOT NULL, email TEXT NOT NULL);
		CREATE TABLE IF NOT EXISTS progress (only INTEGER PRIMARY KEY CHECK (only = 1), token TEXT NOT NULL, done INTEGER NOT NULL);
		INSERT OR IGNORE INTO progress VALUES (1, '', 0);`)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// maxFailures is how many pages in a row may fail. Each was retried by the client before.
const maxFailures = 20

// run copies the list from where it is. A page that the client could not read is read again later.
func (j job) run(ctx context.Context) error {
	for failures := 0; ; failures++ {
		pages, err := j.copyPages(ctx)
		if pages > 0 {
			failures = 0
		}
		if err == nil || !apierrors.Temporary(err) || failures == maxFailures {
			return err
		}
	}
}

// copyPages copies pages until one fails. It returns how many it copied.
func (j job) copyPages(ctx context.Context) (pages int, err error) {
	var token string
	var isDone bool
	if err := j.db.QueryRowContext(ctx, "SELECT token, done FROM progress").Scan(&token, &isDone); err != nil || isDone {
		return 0, err
	}
	call := client.Call{Path: "/contacts", Options: client.CallOptions{Op: "contacts.list"}}
	for page, err := range client.Pages[contact](ctx, j.client, call, client.PageOptions{From: token}) {
		if err == nil {
			err = j.write(ctx, page)
		}
		if err != nil {
			return pages, err
		}
		pages++
	}
	return pages, nil
}

// write writes the rows of a page, and where the list continues, or neither.
func (j job) write(ctx context.Context, page client.Page[contact]) error {
	tx, err := j.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after Commit, it has no effect
	for _, one := range page.Items {
		if _, err := tx.ExecContext(ctx, "INSERT INTO contacts VALUES (?, ?)", one.ID, one.Email); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, "UPDATE progress SET token = ?, done = ?", page.Next, page.Last); err != nil {
		return err
	}
	return tx.Commit()
}
