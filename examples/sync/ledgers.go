package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

// A ledger shows what a vendor really executed of a step. Only fakes have ledgers.
type ledger struct {
	has        func(record) bool // the vendor has the record in some form; nil: the step only reads
	asSent     func(record) bool // the vendor has exactly what was sent; for a read, the job has it all
	duplicates func() int
}

// A finding is the difference between the job's report and a ledger.
type finding struct {
	Missing    int // reported as delivered, but not there as it was sent
	Duplicates int // executed again
	Phantom    int // reported as not applied, but there
}

// compare compares the outcomes of a step with the ledger. If two records have the same key,
// the one that is there may be either.
func (l ledger) compare(outcomes []outcome) finding {
	f := finding{Duplicates: l.duplicates()}
	mayBeThere := map[string]bool{}
	for _, o := range outcomes {
		mayBeThere[o.Key] = mayBeThere[o.Key] || o.Err == nil || o.applied() != apierrors.AppliedNo
	}
	for _, o := range outcomes {
		switch {
		case o.Err == nil && !l.asSent(o.record):
			f.Missing++
		case !mayBeThere[o.Key] && l.has != nil && l.has(o.record):
			f.Phantom++
		}
	}
	return f
}

// ledgers returns the ledger of each step, by name. For the steps that read, it compares
// what the job has with what the vendors have.
func (f *fakes) ledgers(e *exports, p *pull) map[string]ledger {
	return map[string]ledger{
		"contacts": {
			has:        func(r record) bool { return f.rdstation.Executed(r.Key) > 0 },
			asSent:     f.hasContact,
			duplicates: f.rdstation.Duplicates,
		},
		"files": {
			has: func(r record) bool { return f.customergauge.Uploads().Count(r.Key) > 0 },
			asSent: func(r record) bool {
				content, ok := r.Sent.([]byte)
				return ok && isOnly(f.customergauge.Uploads().Payloads(r.Key), content)
			},
			duplicates: f.customergauge.Records().Duplicates,
		},
		"purchases": {
			has: func(r record) bool { return f.connectif.Purchases().Count(r.Key) > 0 },
			asSent: func(r record) bool {
				body, err := json.Marshal(r.Sent)
				return err == nil && isOnly(f.connectif.Purchases().Payloads(r.Key), body)
			},
			duplicates: f.connectif.Purchases().Duplicates,
		},
		"exports": {
			asSent:     func(r record) bool { return sameSet(f.exportedKeys(r), e.keys(r)) },
			duplicates: e.duplicates,
		},
		"campaigns": {
			asSent:     func(record) bool { return sameSet(texts(f.campaigns), texts(p.campaignIDs())) },
			duplicates: func() int { return countDuplicates(texts(p.campaignIDs())) },
		},
		"registrations": {
			asSent: func(r record) bool {
				return sameSet(f.playable.Registrations(campaignOf(r)), texts(p.ids(campaignOf(r))))
			},
			duplicates: p.duplicates,
		},
	}
}

// hasContact reports whether RD Station has the contact with exactly the fields of the
// source.
func (f *fakes) hasContact(r record) bool {
	stored, ok := f.rdstation.Stored(r.Key)
	sent, isMap := r.Sent.(map[string]any)
	if !ok || !isMap {
		return false
	}
	for key, value := range sent {
		want, err := json.Marshal(value)
		if err != nil {
			return false
		}
		got, err := json.Marshal(stored[key])
		if err != nil || !bytes.Equal(want, got) {
			return false
		}
	}
	return true
}

func isOnly(payloads [][]byte, want []byte) bool {
	return len(payloads) == 1 && bytes.Equal(payloads[0], want)
}

// exportedKeys returns the keys that the file of an export should have: those that
// Connectif has at the end of the job. All purchases were made today.
func (f *fakes) exportedKeys(r record) []string {
	o, _ := r.Sent.(order)
	switch {
	case o.Filters == nil:
		return slices.DeleteFunc(slices.Clone(f.emails), func(email string) bool {
			_, known := f.connectif.Contact(email)
			return !known
		})
	case o.Filters.To.After(time.Now()):
		return f.connectif.Purchases().Keys()
	default:
		return nil
	}
}

// keys returns the keys in the file that was downloaded for an export.
func (e *exports) keys(r record) []string { return fileKeys(e.byName[r.Key]) }

// duplicates returns the number of surplus keys in the files.
func (e *exports) duplicates() int {
	n := 0
	for _, content := range e.byName {
		n += countDuplicates(fileKeys(content))
	}
	return n
}

// fileKeys returns the keys in the file of an export: the e-mail address of a contact, in
// the first column, or the purchase of an activity, in the last.
func fileKeys(content []byte) []string {
	table, err := csv.NewReader(bytes.NewReader(content)).ReadAll()
	if err != nil || len(table) == 0 {
		return []string{"not an export"}
	}
	column := 0
	if table[0][0] != "email" {
		column = len(table[0]) - 1
	}
	var keys []string
	for _, line := range table[1:] {
		keys = append(keys, line[column])
	}
	return keys
}

func (p *pull) campaignIDs() []int {
	var ids []int
	for _, one := range p.campaigns {
		ids = append(ids, one.ID)
	}
	return ids
}

func campaignOf(r record) int {
	one, _ := r.Sent.(campaign)
	return one.ID
}

func (p *pull) ids(campaign int) []int {
	var ids []int
	for _, one := range p.registrations[campaign] {
		ids = append(ids, one.ID)
	}
	return ids
}

// duplicates returns the number of surplus registrations.
func (p *pull) duplicates() int {
	n := 0
	for campaign := range p.registrations {
		n += countDuplicates(texts(p.ids(campaign)))
	}
	return n
}

func texts(numbers []int) []string {
	var all []string
	for _, n := range numbers {
		all = append(all, strconv.Itoa(n))
	}
	return all
}

// sameSet reports whether two lists have the same entries, in any order and number.
func sameSet(a, b []string) bool {
	return slices.Equal(slices.Compact(slices.Sorted(slices.Values(a))), slices.Compact(slices.Sorted(slices.Values(b))))
}

// countDuplicates returns the number of entries that are equal to an earlier one.
func countDuplicates(list []string) int {
	return len(list) - len(slices.Compact(slices.Sorted(slices.Values(list))))
}
