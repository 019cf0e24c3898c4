package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// A balance compares the table with the vendor's ledger.
type balance struct {
	Rows, Lost, Twice, Changed int
}

// balanceOf counts what became of the vendor's rows.
func balanceOf(ctx context.Context, v *vendor, database string) (b balance, err error) {
	db, err := openDatabase(ctx, database)
	if err != nil {
		return b, err
	}
	defer func() { _ = db.Close() }()
	rows, err := db.QueryContext(ctx, "SELECT id, email FROM contacts")
	if err != nil {
		return b, err
	}
	defer func() { _ = rows.Close() }()
	times := map[string]int{}
	for rows.Next() {
		var one contact
		if err := rows.Scan(&one.ID, &one.Email); err != nil {
			return b, err
		}
		id := strconv.Itoa(one.ID)
		b.Rows++
		if times[id]++; times[id] > 1 {
			b.Twice++
		}
		if stored := v.ledger.Payloads(id); len(stored) != 1 || string(stored[0]) != one.Email {
			b.Changed++
		}
	}
	for _, id := range v.ledger.Keys() {
		if times[id] == 0 {
			b.Lost++
		}
	}
	return b, rows.Err()
}

// report prints what became of the rows, and returns an error if that is not what it should be.
func report(ctx context.Context, v *vendor, database string, kills int, out io.Writer) error {
	b, err := balanceOf(ctx, v, database)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d rows in the vendor's ledger, %d in SQLite: %d lost, %d twice, %d changed\n", v.ledger.Total(), b.Rows, b.Lost, b.Twice, b.Changed)
	v.mu.Lock()
	defer v.mu.Unlock()
	broken := 0
	var kinds []string
	for _, fault := range faults() {
		broken += v.met[fault]
		kinds = append(kinds, fmt.Sprintf("%v %d", fault, v.met[fault]))
	}
	fmt.Fprintf(out, "%d pages took %d requests; %d met a fault: %s\nthe job was killed %d times\n",
		v.pages(), v.requests, broken, strings.Join(kinds, ", "), kills)
	if b != (balance{Rows: len(v.rows)}) {
		return fmt.Errorf("the table is not the vendor's list: %+v", b)
	}
	return nil
}
