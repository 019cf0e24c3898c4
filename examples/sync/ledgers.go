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

// A ledger is what a vendor really has of a step's records. Only a fake lets one look.
type ledger struct {
	has        func(record) bool // something of the record is there; nil: a read leaves nothing
	asSent     func(record) bool // the record is there, and exactly as it was sent or asked for
	duplicates func() int
}

// A finding is how far the job's account is from the ledger.
type finding struct {
	Missing    int // told to be delivered, but not there as it was sent
	Duplicates int // done again after it had been done
	Phantom    int // told not to be applied, but there
}

// compare lays what became of a step's records beside the ledger. Of two records with
// one key, what is there may be that of the other.
func (l ledger) compare(results []result) finding {
	f := finding{Duplicates: l.duplicates()}
	mayBeThere := map[string]bool{}
	for _, r := range results {
		mayBeThere[r.Key] = mayBeThere[r.Key] || r.Err == nil || r.applied() != apierrors.AppliedNo
	}
	for _, r := range results {
		switch {
		case r.Err == nil && !l.asSent(r.record):
			f.Missing++
		case !mayBeThere[r.Key] && l.has != nil && l.has(r.record):
			f.Phantom++
		}
	}
	return f
}

// ledgers are those of all steps, by name. Of what the job fetched, they are asked
// whether it is all there.
func (f *fakes) ledgers(x *exports, p *pull) map[string]ledger {
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
			asSent:     func(r record) bool { return sameSet(f.rowsOf(r), x.rows(r)) },
			duplicates: func() int { return x.repeated() },
		},
		"campaigns": {
			asSent:     func(record) bool { return sameSet(texts(f.campaigns), texts(p.campaignIDs())) },
			duplicates: func() int { return repeated(texts(p.campaignIDs())) },
		},
		"registrations": {
			asSent: func(r record) bool {
				return sameSet(f.playable.Registrations(campaignOf(r)), texts(p.ids(campaignOf(r))))
			},
			duplicates: p.repeated,
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

// rowsOf are the keys that the file of an export is to have: what Connectif knows by the
// end of the job. All purchases were made today.
func (f *fakes) rowsOf(r record) []string {
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

// rows are the keys in the file that was fetched for an export.
func (x *exports) rows(r record) []string { return keysIn(x.byName[r.Key]) }

func (x *exports) repeated() int {
	n := 0
	for _, content := range x.byName {
		n += repeated(keysIn(content))
	}
	return n
}

// keysIn are the keys in an export's file: a contact's is its e-mail address, in the
// first column, and an activity's its purchase, in the last.
func keysIn(content []byte) []string {
	table, err := csv.NewReader(bytes.NewReader(content)).ReadAll()
	if err != nil || len(table) == 0 {
		return []string{"this is no export"}
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

func (p *pull) repeated() int {
	n := 0
	for campaign := range p.registrations {
		n += repeated(texts(p.ids(campaign)))
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

// sameSet compares two lists without regard to order and repeats.
func sameSet(a, b []string) bool {
	return slices.Equal(slices.Compact(slices.Sorted(slices.Values(a))), slices.Compact(slices.Sorted(slices.Values(b))))
}

// repeated counts the entries beyond the first of each.
func repeated(list []string) int {
	return len(list) - len(slices.Compact(slices.Sorted(slices.Values(list))))
}
