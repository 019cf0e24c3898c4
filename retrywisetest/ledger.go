package retrywisetest

import (
	"bytes"
	"maps"
	"slices"
	"sync"
)

// A Ledger records what a server executed, by key. A handler calls Record for
// each write that takes effect; the test compares the ledger with what the client
// reports. The zero Ledger is empty and ready to use. It is safe for concurrent
// use.
type Ledger struct {
	mu      sync.Mutex
	entries map[string][][]byte
}

// Record adds one execution under key. It copies payload, which may be nil.
func (l *Ledger) Record(key string, payload []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.entries == nil {
		l.entries = map[string][][]byte{}
	}
	l.entries[key] = append(l.entries[key], bytes.Clone(payload))
}

// Count returns the number of executions under key.
func (l *Ledger) Count(key string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.entries[key])
}

// Payloads returns the payloads recorded under key, oldest first. The caller must
// not change the bytes.
func (l *Ledger) Payloads(key string) [][]byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.entries[key])
}

// Keys returns every key with an execution, sorted.
func (l *Ledger) Keys() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Sorted(maps.Keys(l.entries))
}

// Total returns the number of executions under all keys.
func (l *Ledger) Total() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, payloads := range l.entries {
		n += len(payloads)
	}
	return n
}

// Duplicates returns the number of executions beyond the first of each key.
func (l *Ledger) Duplicates() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, payloads := range l.entries {
		n += len(payloads) - 1
	}
	return n
}
