package main

import (
	"bytes"
	"context"
	"log"
	"os"
	"strings"
	"testing"

	"github.com/retrywise/retrywise/retrywisetest"
)

// The test binary is the job when it starts itself.
func TestMain(m *testing.M) {
	if url := os.Getenv(envURL); url != "" {
		if err := runJob(context.Background(), url, os.Getenv(envDatabase)); err != nil {
			log.Fatal(err)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// The whole job: no row is lost, and none is there twice, although each kind of fault has struck and
// the job was killed.
func TestRun(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), settings{seed: 1, faults: 0.3, rows: 10_000, kills: 3}, &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	t.Log(out.String())
	if want := "10000 rows in the vendor's ledger, 10000 in SQLite: 0 lost, 0 twice, 0 changed\n"; !strings.HasPrefix(out.String(), want) {
		t.Errorf("printed %q; want %q", out.String(), want)
	}
	for _, fault := range faults() {
		if strings.Contains(out.String(), fault.String()+" 0") {
			t.Errorf("%v has not struck", fault)
		}
	}
}

// The comparison sees what it is there for.
func TestBalance(t *testing.T) {
	name := t.TempDir() + "/shop.db"
	v := newVendor(settings{rows: 3})
	db, err := openDatabase(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), "INSERT INTO contacts VALUES (1, 'contact-1@example.com'), (1, 'contact-1@example.com'), (2, 'x')"); err != nil {
		t.Fatal(err)
	}
	got, err := balanceOf(t.Context(), v, name)
	if want := (balance{Rows: 3, Lost: 1, Twice: 1, Changed: 1}); err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	var out bytes.Buffer
	if err := report(t.Context(), v, name, 0, &out); err == nil {
		t.Errorf("no error beside\n%s", out.String())
	}
}

// A vendor that is down for good ends the job, with what it copied.
func TestRunJobGivesUp(t *testing.T) {
	srv, err := retrywisetest.Start(retrywisetest.HTML(200))
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	if err := runJob(t.Context(), srv.URL(), t.TempDir()+"/shop.db"); err == nil {
		t.Error("no error")
	}
}
